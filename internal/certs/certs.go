// Package certs reads TLS certificates from files, and follows their renewal while
// they are in use.
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
	pollInterval = 2 * time.Second    // between two checks of the files
	expirySoon   = 7 * 24 * time.Hour // how long before its end a certificate is reported
	warnInterval = 24 * time.Hour     // between such reports
)

// Options name the files of a pair. All are required.
type Options struct {
	// Name is the name of the pair in the log: its setting.
	Name string
	// CertFile has the certificate and intermediate certificates in PEM format.
	CertFile string
	// KeyFile has the certificate's private key in PEM format.
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

	// Only Run uses these after Open:
	read   [2]os.FileInfo // the files when they were last read
	fault  string         // the error of that read
	warned time.Time      // when the certificate's end was last logged
}

// Open reads the pair. [Pair.Run] follows its renewal. The error is an [OptionError].
func Open(o Options) (*Pair, error) {
	p := &Pair{o: o}
	return p, p.load()
}

// GetCertificate is for [tls.Config]. It does not block.
func (p *Pair) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return p.current.Load(), nil
}

// GetClientCertificate is for [tls.Config]. It does not block.
func (p *Pair) GetClientCertificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return p.current.Load(), nil
}

// Expiry returns an error if the certificate has expired, expires within a week, or is
// not valid yet.
func (p *Pair) Expiry() error {
	leaf, now := p.current.Load().Leaf, time.Now()
	end := leaf.NotAfter.Format(time.RFC3339)
	switch {
	case now.After(leaf.NotAfter):
		return fmt.Errorf("the certificate expired at %s; renew it", end)
	case leaf.NotAfter.Sub(now) < expirySoon:
		return fmt.Errorf("the certificate expires at %s; renew it", end)
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("the certificate is not valid before %s; is the clock of this machine right?", leaf.NotBefore.Format(time.RFC3339))
	}
	return nil
}

// Run checks every two seconds for a renewed pair, until ctx ends. While the files are
// not a pair, for example because only one has been written, the last good pair stays
// in use.
func (p *Pair) Run(ctx context.Context) {
	tick := time.NewTicker(pollInterval)
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

// follow reads a pair that has changed. It logs a fault once, and tries again each
// time, because the cause may be outside the files.
func (p *Pair) follow() {
	if p.fault == "" && !p.changed() {
		return
	}
	err := p.load()
	switch {
	case err == nil:
		p.fault, p.warned = "", time.Time{}
		p.o.Logger.Info("the renewed certificate is used for new connections", "setting", p.o.Name, "expires", p.current.Load().Leaf.NotAfter)
	case err.Error() != p.fault:
		p.fault = err.Error()
		p.o.Logger.Warn("the renewed certificate cannot be used, and the previous one stays in use; write a valid certificate and its key", "setting", p.o.Name, "error", err)
	}
}

func (p *Pair) warn() {
	if err := p.Expiry(); err != nil && (p.warned.IsZero() || time.Since(p.warned) >= warnInterval) {
		p.warned = time.Now()
		p.o.Logger.Warn("the certificate needs attention", "setting", p.o.Name, "error", err)
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

// stat returns nil for a file that does not exist.
func (p *Pair) stat() (infos [2]os.FileInfo) {
	for i, name := range []string{p.o.CertFile, p.o.KeyFile} {
		if info, err := os.Stat(name); err == nil {
			infos[i] = info
		}
	}
	return infos
}

func (p *Pair) load() error {
	p.read = p.stat() // first, so that a change during the read is noticed
	cert, err := os.ReadFile(p.o.CertFile)
	if err != nil {
		return &OptionError{"CertFile", err}
	}
	if err := checkCertificate(cert); err != nil {
		return &OptionError{"CertFile", fmt.Errorf("%s: %w", p.o.CertFile, err)}
	}
	key, err := os.ReadFile(p.o.KeyFile)
	if err != nil {
		return &OptionError{"KeyFile", err}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return &OptionError{"KeyFile", fmt.Errorf("%s: %w", p.o.KeyFile, err)}
	}
	p.current.Store(&pair)
	return nil
}

var errNoCertificate = errors.New("there is no certificate in PEM format")

// checkCertificate checks the certificate alone, because the errors of
// [tls.X509KeyPair] do not say which of the two files is wrong.
func checkCertificate(text []byte) error {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			_, err := x509.ParseCertificate(block.Bytes)
			return err
		}
	}
	return errNoCertificate
}

// Pool reads the certificates of trusted authorities in PEM format.
func Pool(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: %w", file, errNoCertificate)
	}
	return pool, nil
}
