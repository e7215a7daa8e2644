package certs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/internal/certs"
	"github.com/tokengraft/tokengraft/internal/certs/certstest"
)

// start follows a pair until the test ends.
func start(t *testing.T, certFile, keyFile string) (*certs.Pair, *strings.Builder) {
	t.Helper()
	log := &strings.Builder{}
	p, err := certs.Open(certs.Options{Name: "tls", CertFile: certFile, KeyFile: keyFile, Logger: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	t.Cleanup(func() { stop(); <-done })
	return p, log
}

func host(t *testing.T, p *certs.Pair) string {
	t.Helper()
	pair, err := p.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	if client, _ := p.GetClientCertificate(nil); client != pair {
		t.Error("GetClientCertificate and GetCertificate return different certificates")
	}
	return pair.Leaf.Subject.CommonName
}

func TestPair_UsesARenewedCertificate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := certstest.New(t)
		certFile, keyFile := a.Write(t, "server", "before", 100*24*time.Hour)
		p, log := start(t, certFile, keyFile)
		time.Sleep(time.Minute)
		if got := host(t, p); got != "before" || log.Len() > 0 {
			t.Errorf("before the renewal: certificate of %q, log %q; want before and an empty log", got, log)
		}
		a.Write(t, "server", "after", 100*24*time.Hour)
		time.Sleep(3 * time.Second)
		if got := host(t, p); got != "after" {
			t.Errorf("three seconds after the renewal: certificate of %q, want after", got)
		}
	})
}

func TestPair_KeepsTheLastGoodCertificate(t *testing.T) {
	for name, harm := range map[string]func(t *testing.T, certFile, keyFile string) error{
		"half written": func(_ *testing.T, certFile, _ string) error { return os.Truncate(certFile, 100) },
		"gone":         func(_ *testing.T, _, keyFile string) error { return os.Remove(keyFile) },
		"of another": func(t *testing.T, certFile, _ string) error {
			other, _ := certstest.New(t).Write(t, "other", "other", time.Hour)
			return os.Rename(other, certFile)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := certstest.New(t)
				certFile, keyFile := a.Write(t, "server", "before", 100*24*time.Hour)
				p, log := start(t, certFile, keyFile)
				if err := harm(t, certFile, keyFile); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour)
				if got := host(t, p); got != "before" {
					t.Errorf("certificate of %q, want the last good one, before", got)
				}
				if got := strings.Count(log.String(), "level=WARN"); got != 1 {
					t.Errorf("%d warnings in an hour, want 1: %s", got, log)
				}
				a.Write(t, "server", "after", 100*24*time.Hour)
				time.Sleep(3 * time.Second)
				if got := host(t, p); got != "after" {
					t.Errorf("three seconds after the files were fixed: certificate of %q, want after", got)
				}
			})
		})
	}
}

func TestPair_WarnsAboutItsExpiryOnceADay(t *testing.T) {
	for _, c := range []struct {
		life time.Duration // from now on
		want string        // of the log
		days int           // how many of the two days in the next 25 hours have a warning
	}{
		{100 * 24 * time.Hour, "", 0},
		{8*24*time.Hour - 2*time.Hour, "expires at", 1},
		{-time.Hour, "expired at", 2},
	} {
		t.Run(fmt.Sprint(c.life), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				certFile, keyFile := certstest.New(t).Write(t, "server", "host", c.life)
				p, log := start(t, certFile, keyFile)
				time.Sleep(25 * time.Hour)
				if got := strings.Count(log.String(), "level=WARN"); got != c.days || !strings.Contains(log.String(), c.want) {
					t.Errorf("%d warnings, want %d that say %q:\n%s", got, c.days, c.want, log)
				}
				if err := p.Expiry(); (err != nil) != (c.days > 0) {
					t.Errorf("Expiry() = %v, want an error: %v", err, c.days > 0)
				}
			})
		})
	}
}

func TestOpen_NamesTheWrongFile(t *testing.T) {
	a := certstest.New(t)
	certFile, keyFile := a.Write(t, "server", "host", time.Hour)
	_, otherKey := a.Write(t, "other", "other", time.Hour)
	for _, c := range []struct{ certFile, keyFile, want string }{
		{"absent.pem", keyFile, "CertFile"},
		{keyFile, keyFile, "CertFile"},
		{certFile, "absent.key", "KeyFile"},
		{certFile, certFile, "KeyFile"},
		{certFile, otherKey, "KeyFile"},
	} {
		_, err := certs.Open(certs.Options{CertFile: c.certFile, KeyFile: c.keyFile})
		if fault, ok := errors.AsType[*certs.OptionError](err); !ok || fault.Option != c.want {
			t.Errorf("Open(%s, %s) = %v, want a fault of %s", c.certFile, c.keyFile, err, c.want)
		}
	}
}

func TestPool_RequiresCertificates(t *testing.T) {
	a := certstest.New(t)
	_, keyFile := a.Write(t, "server", "host", time.Hour)
	if pool, err := certs.Pool(a.Dir + "/ca.pem"); err != nil || !pool.Equal(a.Pool) {
		t.Errorf("Pool(ca.pem) = %v, %v; want the certificate of the authority", pool, err)
	}
	for _, file := range []string{keyFile, "absent.pem"} {
		if _, err := certs.Pool(file); err == nil {
			t.Errorf("Pool(%s): no error, want one", file)
		}
	}
}
