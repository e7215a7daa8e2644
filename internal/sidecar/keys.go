package sidecar

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// openRing opens the keys. The client sends requests to the backend. The error is a
// [config.FieldError].
func openRing(cfg *config.Config, client *http.Client, logger *slog.Logger) (*keys.Ring, error) {
	if cfg.Verify.JWKS.URL != "" && keysAtBackend(cfg) == nil {
		client = otherClient(cfg)
	}
	jwks, discovery := cfg.Verify.JWKS.String(), cfg.OIDC.Enabled && cfg.Verify.JWKS == (config.JWKS{}) && cfg.Verify.PublicKey == ""
	if secretOnly(cfg) {
		jwks, discovery = "", false
	}
	secret, err := cfg.Verify.SecretKey()
	if err != nil {
		return nil, cfg.Fault("verify.secret", err)
	}
	ring, err := keys.Open(keys.Options{
		JWKS:        jwks,
		Discovery:   discovery,
		PublicKey:   string(cfg.Verify.PublicKey),
		Secret:      secret,
		Encodings:   cfg.Verify.OtherSecretKeys(),
		Issuers:     cfg.Verify.Issuer,
		Audience:    cfg.Verify.Audience,
		Types:       words(cfg.Verify.Types),
		Algorithms:  words(cfg.Verify.Algorithms),
		Leeway:      cfg.Verify.Leeway,
		Dir:         string(cfg.Sign.Keys),
		Algorithm:   string(cfg.Sign.Algorithm),
		BackendKey:  string(cfg.Sign.BackendKey),
		RetireAfter: cfg.Sign.RetireAfter,
		RotateAfter: cfg.Sign.RotateAfter,
		Client:      client,
		Logger:      logger,
	})
	if err != nil {
		return nil, keyFault(cfg, err)
	}
	return ring, nil
}

// keyFault returns an error of the keys as a fault of the setting that causes it.
func keyFault(cfg *config.Config, err error) config.FieldError {
	path := "verify"
	if fault, ok := errors.AsType[*keys.OptionError](err); ok {
		path, err = keySettings[fault.Option], fault.Err
	}
	return cfg.Fault(path, err)
}

// keySettings are the settings behind the options of a ring.
var keySettings = map[string]string{
	"JWKS": "verify.jwks", "Discovery": "oidc", "PublicKey": "verify.public_key", "Secret": "verify.secret", "Algorithms": "verify.algorithms", "Leeway": "verify.leeway",
	"Dir": "sign.keys", "BackendKey": "sign.backend_key", "Algorithm": "sign.algorithm", "RetireAfter": "sign.retire_after", "RotateAfter": "sign.rotate_after",
}

func words[T ~string](typed []T) []string {
	var plain []string
	for _, word := range typed {
		plain = append(plain, string(word))
	}
	return plain
}
