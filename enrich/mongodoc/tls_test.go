package mongodoc_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
	"github.com/tokengraft/tokengraft/internal/certs/certstest"
)

// overTLS makes a server available over TLS and returns its address.
func overTLS(t *testing.T, uri string, pair tls.Certificate) (address string) {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	relay(t, listener, uri, io.Discard, io.Discard)
	return listener.Addr().String()
}

func TestTLS_UsesTheOptionsOfTheURI(t *testing.T) {
	uri, _ := enrichtest.StartFerretDB(t)
	a := certstest.New(t)
	address := overTLS(t, uri, a.Pair(t, "server", "127.0.0.1"))
	for _, c := range []struct {
		name, options string
		works         bool
	}{
		{"right authority", "tls=true&tlsCAFile=" + a.Dir + "/ca.pem", true},
		{"another authority", "tls=true&tlsCAFile=" + certstest.New(t).Dir + "/ca.pem", false},
		{"the system's authorities", "tls=true", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			source, err := mongodoc.Open(mongodoc.Options{URI: "mongodb://" + address + "/?" + c.options, Database: "app", Collection: "users", Field: "id"})
			if err != nil {
				t.Fatal(err)
			}
			defer source.Close(context.Background())
			wait := 30 * time.Second
			if !c.works {
				wait = time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			defer cancel()
			if err := source.Check(ctx); (err == nil) != c.works {
				t.Errorf("Check = %v, want success: %v", err, c.works)
			}
		})
	}
	_, err := mongodoc.Open(mongodoc.Options{URI: "mongodb://" + address + "/?tls=true&tlsCAFile=absent.pem", Database: "app", Collection: "users", Field: "id"})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open with a missing tlsCAFile = %v, want %v", err, fs.ErrNotExist)
	}
}
