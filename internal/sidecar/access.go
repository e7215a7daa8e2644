package sidecar

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// BackendClient returns a client for requests to the backend. The backend gets them as if a
// sidecar with this configuration forwarded them for a client that uses its public_url or,
// without one, this address. The error is a [config.FieldError].
func BackendClient(cfg *config.Config, address *url.URL) (*http.Client, error) {
	t, err := openBackendTLS(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	if public := publicURL(cfg); public != nil {
		address = public
	}
	return backendClientFor(cfg, t.config(), address), nil
}

// Rules returns the rules of a configuration, with those that follow from the backend's
// discovery document. The zero Discovery adds none.
func Rules(cfg *config.Config, d oidc.Discovery) []proxy.Rule { return rulesOf(cfg, d) }

// JWKSPaths returns the paths at which a sidecar with this configuration publishes the
// merged JWK Set: those of sign.jwks_path first, and then the backend's own. It returns
// none if there are no own keys to publish.
func JWKSPaths(cfg *config.Config, d oidc.Discovery) []string {
	if cfg.Sign.Keys == "" || secretOnly(cfg) {
		return nil
	}
	paths := words(cfg.Sign.JWKSPath)
	for _, at := range backendJWKSPaths(cfg, d) {
		if !slices.Contains(paths, at) {
			paths = append(paths, at)
		}
	}
	return paths
}

// BackendJWKSPaths returns the paths at which the backend serves its own JWK Set, as far
// as they are known.
func BackendJWKSPaths(cfg *config.Config, d oidc.Discovery) []string { return backendJWKSPaths(cfg, d) }

// OpenVerifier opens the keys that a resource server would verify tokens with: those of a
// JWK Set at a URL, fetched by the client, or none if the URL is empty, and those that
// the settings of verify name besides a JWK Set.
func OpenVerifier(cfg *config.Config, url string, client *http.Client) (*keys.Ring, error) {
	secret, err := cfg.Verify.SecretKey()
	if err != nil {
		return nil, cfg.Fault("verify.secret", err)
	}
	o := keys.Options{
		JWKS: url, Client: client, Secret: secret,
		Issuers: cfg.Verify.Issuer, Audience: cfg.Verify.Audience, Leeway: cfg.Verify.Leeway,
	}
	if url == "" {
		o.JWKS, o.PublicKey = string(cfg.Verify.JWKS.File), string(cfg.Verify.PublicKey)
		if cfg.Verify.JWKS.URL != "" && keysAtBackend(cfg) == nil {
			o.JWKS, o.Client = cfg.Verify.JWKS.URL, otherClient(cfg)
		}
	}
	if o.JWKS == "" && o.PublicKey == "" && len(secret) == 0 {
		o.BackendKey = string(cfg.Sign.BackendKey) // the only key that verify and sign name
	}
	ring, err := keys.Open(o)
	if err != nil {
		return nil, keyFault(cfg, err)
	}
	return ring, nil
}

// OpenCollection opens the collection of documents.mongodb. The caller closes it. It
// returns nil without documents.mongodb.
func OpenCollection(cfg *config.Config, o Options) (*mongodoc.Source, error) {
	if cfg.Documents.File != "" {
		return nil, nil
	}
	o = o.withDefaults()
	source, err := openCollection(cfg, o.Logger, o.Meter)
	if err != nil {
		return nil, err
	}
	return source.(collectionSource).Source, nil
}
