package sidecar

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/certs"
)

// openPublic reads the certificate for clients. It returns nil without tls. Its error
// is a [config.FieldError].
func openPublic(cfg *config.Config, logger *slog.Logger) (*certs.Pair, error) {
	return openPair(cfg, "tls", cfg.TLS.CertFile, cfg.TLS.KeyFile, logger)
}

// serverTLS returns the TLS settings for clients, or nil for plain HTTP.
func serverTLS(public *certs.Pair) *tls.Config {
	if public == nil {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: public.GetCertificate}
}

// A backendTLS is how to connect to the backend. Nil means the default settings.
type backendTLS struct {
	own *certs.Pair // the client certificate; nil if there is none
	tls *tls.Config
}

// openBackendTLS reads the files in backend_tls. It returns nil if nothing is set.
// Its error joins all faults, each a [config.FieldError].
func openBackendTLS(cfg *config.Config, logger *slog.Logger) (*backendTLS, error) {
	b := cfg.BackendTLS
	if b == (config.BackendTLS{}) {
		return nil, nil
	}
	own, errOwn := openPair(cfg, "backend_tls", b.CertFile, b.KeyFile, logger)
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: b.ServerName}
	if own != nil {
		t.GetClientCertificate = own.GetClientCertificate
	}
	if b.CAFile == "" {
		return &backendTLS{own, t}, errOwn
	}
	var err error
	if t.RootCAs, err = certs.Pool(string(b.CAFile)); err != nil {
		err = cfg.Fault("backend_tls.ca_file", fmt.Errorf("%w; it must be a PEM file with the authorities' certificates, and this user must be able to read it", err))
	}
	return &backendTLS{own, t}, errors.Join(errOwn, err)
}

func (b *backendTLS) config() *tls.Config {
	if b == nil {
		return nil
	}
	return b.tls
}

// run follows a renewed certificate until ctx ends.
func (b *backendTLS) run(ctx context.Context) {
	if b.own != nil {
		b.own.Run(ctx)
	}
}

// openPair reads a pair. It returns nil if no file is named.
func openPair(cfg *config.Config, setting string, certFile, keyFile config.Path, logger *slog.Logger) (*certs.Pair, error) {
	if certFile == "" {
		return nil, nil
	}
	pair, err := certs.Open(certs.Options{Name: setting, CertFile: string(certFile), KeyFile: string(keyFile), Logger: logger})
	fault, ok := errors.AsType[*certs.OptionError](err)
	switch {
	case !ok:
		return pair, err
	case fault.Option == "KeyFile":
		return nil, cfg.Fault(setting+".key_file", fmt.Errorf("%w; it must be a PEM file with the private key of %s, and this user must be able to read it", err, certFile))
	}
	return nil, cfg.Fault(setting+".cert_file", fmt.Errorf("%w; it must be a PEM file with a certificate, and this user must be able to read it", err))
}
