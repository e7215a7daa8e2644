// Package certs reads TLS certificates from files, and follows those that are
// renewed while they are in use.
package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

const (
	pause = 2 * time.Second    // between looks at the files
	soon  = 7 * 24 * time.Hour // before a certificate ends it is warned of
	again = 24 * time.Hour     // between such warnings
)

// Options say where a pair is. All are required.
type Options struct {
	// Name is what the log calls the pair: its setting.
	Name string
	// CertFile has the certificate, and those between it and a root, in PEM form.
	CertFile string
	// KeyFile has the certificate's private key in PEM form.
	KeyFile string
	Logger  *slog.Logger
}

// An OptionError is a fault of one of the files.
type OptionError struct {
	Option string // CertFile or KeyFile
	Err    error
}

func (e *OptionError) Error() string { return e.Err.Error() }
func (e *OptionError) Unwrap() error { return e.Err }

// A Pair is a certificate and its private key. It may be used concurrently.
type Pair struct {
	o       Options
	current atomic.Pointer[tls.Certificate]

	// Of Run, after Open:
	read   [2]os.FileInfo // the files as they were when they were last read
	fault  string         // of that reading
	warned time.Time      // of the certificate's end
}

// Open reads the pair. [Pair.Run] follows it. The error is an [OptionError].
func Open(o Options) (*Pair, error) {
	p := &Pair{o: o}
	return p, p.load()
}

// GetCertificate is for [tls.Config]. It waits for nothing.
func (p *Pair) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return p.current.Load(), nil
}

// GetClientCertificate is for [tls.Config]. It waits for nothing.
func (p *Pair) GetClientCertificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return p.current.Load(), nil
}

// Expiry says what is wrong with the certificate's time: it has ended, ends
// within a week, or has not begun. It is nil for most.
func (p *Pair) Expiry() error {
	leaf, now := p.current.Load().Leaf, time.Now()
	end := leaf.NotAfter.Format(time.RFC3339)
	switch {
	case now.After(leaf.NotAfter):
		return fmt.Errorf("the certificate expired at %s: renew it", end)
	case leaf.NotAfter.Sub(now) < soon:
		return fmt.Errorf("the certificate expires at %s: renew it", end)
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("the certificate is not valid before %s: is the clock right?", leaf.NotBefore.Format(time.RFC3339))
	}
	return nil
}

// Run looks every two seconds for a renewed pair, until ctx ends. While the files are
// not a pair, as between the writing of the one and the other, the last good one
// is kept.
func (p *Pair) Run(ctx context.Context) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		p.follow()
		p.warn()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// follow takes over a pair that has changed. A fault is logged once, and looked
// at again each time: it may lie outside of the files.
func (p *Pair) follow() {
	if p.fault == "" && !p.changed() {
		return
	}
	err := p.load()
	switch {
	case err == nil:
		p.fault, p.warned = "", time.Time{}
		p.o.Logger.Info("a renewed certificate is used from the next handshake on", "setting", p.o.Name, "expires", p.current.Load().Leaf.NotAfter)
	case err.Error() != p.fault:
		p.fault = err.Error()
		p.o.Logger.Warn("the renewed certificate cannot be used, the one before stays: put a certificate and its key in place", "setting", p.o.Name, "error", err)
	}
}

func (p *Pair) warn() {
	if err := p.Expiry(); err != nil && (p.warned.IsZero() || time.Since(p.warned) >= again) {
		p.warned = time.Now()
		p.o.Logger.Warn("certificate", "setting", p.o.Name, "error", err)
	}
}

func (p *Pair) changed() bool {
	for i, info := range p.stat() {
		was := p.read[i]
		if info == nil || was == nil || !os.SameFile(info, was) || info.Size() != was.Size() || !info.ModTime().Equal(was.ModTime()) {
			return true
		}
	}
	return false
}

// stat returns nil for a file that is not there.
func (p *Pair) stat() (infos [2]os.FileInfo) {
	for i, name := range []string{p.o.CertFile, p.o.KeyFile} {
		if info, err := os.Stat(name); err == nil {
			infos[i] = info
		}
	}
	return infos
}

func (p *Pair) load() error {
	p.read = p.stat() // before: what changes while it is read is read again
	cert, err := os.ReadFile(p.o.CertFile)
	if err == nil {
		err = checkCertificate(cert)
	}
	if err != nil {
		return &OptionError{"CertFile", err}
	}
	key, err := os.ReadFile(p.o.KeyFile)
	if err != nil {
		return &OptionError{"KeyFile", err}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return &OptionError{"KeyFile", err}
	}
	p.current.Store(&pair)
	return nil
}

var errNoCertificate = errors.New("has no certificate in PEM form")

// checkCertificate tells a fault of the certificate from one of the key, which
// [tls.X509KeyPair] does not.
func checkCertificate(text []byte) error {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			_, err := x509.ParseCertificate(block.Bytes)
			return err
		}
	}
	return errNoCertificate
}

// Pool reads the authorities whose certificates are trusted, in PEM form.
func Pool(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errNoCertificate
	}
	return pool, nil
}
