package discover

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/internal/jsonedit"
	"github.com/tokengraft/tokengraft/internal/redact"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

const (
	openIDConfiguration = "/.well-known/openid-configuration"
	oauthMetadata       = "/.well-known/oauth-authorization-server"
	// maxProbes is how many paths of the backend are tried.
	maxProbes = 40
)

// keySetPaths are where backends publish their keys. The first are the usual ones, and the
// others are those of frameworks and products.
var keySetPaths = []string{
	"/.well-known/jwks.json", "/jwks.json", "/jwks", "/.well-known/jwks", "/.well-known/keys",
	"/oauth/jwks", "/oauth2/jwks", "/oauth/jwks.json", "/oauth2/jwks.json", "/oauth/discovery/keys", "/discovery/keys", "/oauth2/v1/keys", "/oauth2/certs", "/certs",
	"/api/jwks.json", "/api/.well-known/jwks.json", "/api/auth/jwks", "/auth/jwks", "/auth/jwks.json", "/auth/.well-known/jwks.json", "/auth/v1/.well-known/jwks.json", "/keys",
}

// A prober asks the backend for paths, up to a limit.
type prober struct {
	client  *http.Client
	backend *url.URL
	left    int
}

// spend reports whether one more path may be asked for.
func (p *prober) spend() bool {
	p.left--
	return p.left >= 0
}

// url returns the address of a path, with its query, at the backend.
func (p *prober) url(path string) string { return p.backend.Scheme + "://" + p.backend.Host + path }

// discovery looks for a discovery document whose keys verify the tokens.
func (k *Keys) discovery(ctx context.Context, p *prober, tokens []*enrich.Token, exchanges []Exchange) {
	_, withKey := bySignature(tokens)
	for _, path := range discoveryPaths(tokens, exchanges) {
		if !p.spend() {
			return
		}
		follower, err := oidc.NewFollower(oidc.Options{Client: p.client, Backend: p.backend, Paths: []string{path}})
		if err != nil {
			return
		}
		d, err := follower.Fetch(ctx)
		if err != nil {
			continue
		}
		if len(withKey) > 0 && (d.JWKS == "" || p.verified(ctx, d.JWKS, withKey) == 0) {
			k.note("The discovery document %s is not used: the keys that it names verify none of the tokens", path)
			continue
		}
		k.learn(p, path, d, len(withKey) > 0)
		return
	}
}

// learn takes over what a discovery document says.
func (k *Keys) learn(p *prober, path string, d oidc.Discovery, signs bool) {
	k.OIDC = true
	if path != openIDConfiguration {
		k.Discovery = path
	}
	k.Rules = slices.Concat(d.Rules(enrich.Pass), d.Elsewhere(enrich.Pass), d.SignedUserInfo(enrich.Pass))
	if signs {
		k.JWKS = p.url(d.JWKS)
	}
	if slices.Equal(k.Issuer, []string{d.Issuer}) {
		return
	}
	if len(k.Issuer) > 0 {
		k.note("iss in the tokens is not the issuer of the discovery document, so verify.issuer overrides it")
	}
}

// discoveryPaths returns where the discovery document may be: at the usual paths, below
// that of the tokens' issuer, and where a client of the session found it.
func discoveryPaths(tokens []*enrich.Token, exchanges []Exchange) []string {
	paths := []string{openIDConfiguration, oauthMetadata}
	add := func(path string) {
		if len(path) < 200 && !slices.Contains(paths, path) && len(paths) < 12 {
			paths = append(paths, path)
		}
	}
	for _, t := range tokens {
		issuer, _ := jsonedit.Unquote(t.Claim("iss"))
		u, err := url.Parse(issuer)
		if err != nil || u.Host == "" {
			continue
		}
		if below := strings.TrimRight(u.EscapedPath(), "/"); below != "" {
			add(below + openIDConfiguration)
			add(below + oauthMetadata)
			add(oauthMetadata + below) // RFC 8414, section 3
		}
	}
	for _, e := range exchanges {
		if e.Method == http.MethodGet && e.Status == http.StatusOK && (strings.Contains(e.Path, openIDConfiguration) || strings.Contains(e.Path, oauthMetadata)) {
			add(e.Path)
		}
	}
	return paths
}

// keySet looks for a JWK Set that verifies the tokens.
func (k *Keys) keySet(ctx context.Context, p *prober, tokens []*enrich.Token, exchanges []Exchange) {
	most := 0
	for _, path := range append(seenKeySets(exchanges), belowIssuer(tokens)...) {
		if !p.spend() {
			break
		}
		if n := p.verified(ctx, path, tokens); n > most {
			most, k.JWKS = n, p.url(path)
		}
		if most == len(tokens) {
			return
		}
	}
	if most > 0 {
		k.note("The keys of %s verify %d of %s. The others pass without the claim", k.JWKS, most, count(len(tokens), "token"))
		return
	}
	k.NeedsPublicKey = true
	k.note("Tokens are signed with a private key (%s), but the backend publishes its public key at none of the usual paths. If it has a JWK Set, set verify.jwks to its address. Otherwise save the public key as backend.pem: it is often next to the private key in the settings of the backend, such as config/jwt/public.pem or storage/oauth-public.key, or `openssl pkey -in private.pem -pubout` makes it", algorithmsOf(tokens))
}

// verified returns how many tokens the JWK Set at a path verifies.
func (p *prober) verified(ctx context.Context, path string, tokens []*enrich.Token) int {
	ring, err := keys.Open(keys.Options{JWKS: p.url(path), Client: p.client, Leeway: anyAge})
	if err != nil || ring.Check(ctx) != nil {
		return 0
	}
	return countVerified(ctx, ring, tokens)
}

// seenKeySets returns the paths, with their queries if these are public, whose answers in the session were a
// JWK Set, and then the well-known ones.
func seenKeySets(exchanges []Exchange) (paths []string) {
	for _, e := range exchanges {
		if e.Method != http.MethodGet || e.Status != http.StatusOK || len(paths) == 8 || !isKeySet(e.Body) {
			continue
		}
		path := e.Path
		if e.RawQuery != "" && isPublicQuery(e.RawQuery) {
			path += "?" + e.RawQuery
		}
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	for _, path := range keySetPaths {
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}

// isPublicQuery reports whether a query may be in the configuration: it has no key of an API,
// no token and no user, but names which set of keys it is.
func isPublicQuery(query string) bool {
	return !slices.ContainsFunc(paramFields(inQuery, query), func(f field) bool {
		return isCredentialName(f.name) || isTokenName(f.name) || isRefreshName(f.name) || isProtocolName(f.name) ||
			hasWord(f.name, "key", "apikey", "auth", "sig", "subscription", "session", "sid", "user") || len(f.value) > 64 || !redact.LooksNamed(f.value)
	})
}

// isKeySet reports whether a body may be a JWK Set. The ring reads it later.
func isKeySet(body []byte) bool {
	object, err := jsonedit.ParseLenient(body)
	if err != nil {
		return false
	}
	set := object.Value("keys")
	return len(set) > 0 && set[0] == '['
}

// belowIssuer returns well-known paths of a JWK Set below the path of an issuer.
func belowIssuer(tokens []*enrich.Token) (paths []string) {
	for _, t := range tokens {
		issuer, _ := jsonedit.Unquote(t.Claim("iss"))
		u, err := url.Parse(issuer)
		if err != nil || u.Host == "" {
			continue
		}
		below := strings.TrimRight(u.EscapedPath(), "/")
		for _, path := range []string{below + "/.well-known/jwks.json", below + "/jwks", below + "/protocol/openid-connect/certs"} {
			if below != "" && len(path) < 200 && !slices.Contains(paths, path) && len(paths) < 6 {
				paths = append(paths, path)
			}
		}
	}
	return paths
}
