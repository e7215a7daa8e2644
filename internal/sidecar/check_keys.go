package sidecar

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

func (k *checker) keys(ctx context.Context) {
	cfg := *k.cfg
	if k.dry {
		cfg.Sign.Keys = "" // the ring would make missing keys there
	}
	ring, err := openRing(&cfg, k.client, k.o.Logger)
	if err == nil {
		k.backendKeys(ctx, ring)
	}
	k.secretEncoding()
	faults := k.report(err)
	if k.cfg.Sign.Keys != "" && !slices.Contains(faults, "sign.keys") {
		k.ownKeys()
	}
}

func (k *checker) backendKeys(ctx context.Context, ring *keys.Ring) {
	if k.cfg.OIDC.Enabled && !k.discovery(ctx, ring) {
		return
	}
	switch err := ring.Check(ctx); {
	case err == nil:
		k.ok("the keys of the backend can be read")
	case needsBackendKeys(k.cfg, k.discovered):
		k.report(keyFault(k.cfg, err))
	default:
		k.ok("the backend signs with verify.secret only, so its JWKS is not needed")
	}
	k.oddKeys(ring)
	k.clients(ring)
	k.missingKeys()
}

// missingKeys warns if the backend may sign with a private key, but the sidecar has none.
// Without oidc that is a fault of the configuration.
func (k *checker) missingKeys() {
	if !k.cfg.OIDC.Enabled || k.cfg.Sign.Keys != "" || k.cfg.Sign.BackendKey != "" || !needsBackendKeys(k.cfg, k.discovered) {
		return
	}
	algorithms := cmp.Or(strings.Join(k.discovered.Algorithms, ", "), "not listed")
	k.warn("sign", "tokens that the backend does not sign with verify.secret are not enriched, because sign.keys is not set (id_token_signing_alg_values_supported of its discovery document: %s); set sign.keys, or list the HS algorithms in verify.algorithms", algorithms)
}

// jwksPaths returns the paths of the merged JWK Set, as text.
func (k *checker) jwksPaths() string {
	return strings.Join(mergedPaths(k.cfg, k.discovered), " or ")
}

func (k *checker) ownKeys() {
	dir, err := keydir.Open(string(k.cfg.Sign.Keys))
	if errors.Is(err, fs.ErrNotExist) {
		return // not a fault: it is made if there is no other fault
	}
	var infos []keydir.Info
	if err == nil {
		infos, err = dir.List(time.Now())
	}
	if err != nil {
		k.report(k.cfg.Fault("sign.keys", err))
	}
	for _, info := range infos {
		k.ok("signing key %s %s, %s", info.Algorithm, info.ID, info.State)
		if info.WorldReadable {
			k.warn("sign.keys", "every user of this machine can read %[1]s; run: chmod 600 %[1]s", info.Path)
		}
	}
}

// discovery fetches the backend's discovery document and gives it to the ring. It
// reports whether that succeeded.
func (k *checker) discovery(ctx context.Context, ring *keys.Ring) bool {
	follower, err := newFollower(k.cfg, k.client, k.o.Logger, nil)
	if err != nil {
		k.fault("oidc", err, "")
		return false
	}
	discovery, err := follower.Fetch(ctx)
	if err != nil {
		k.fault("oidc", err, "Does the backend have a discovery document at this path? serve starts without it, but does not enrich tokens until it has fetched it.")
		return false
	}
	k.discovered, k.read = discovery, &discovery
	ring.ApplyDiscovery(jwksAddress(k.cfg, discovery), discovery.Issuer)
	for _, fault := range discovery.LeftOut {
		k.warn("oidc", "a member of the discovery document cannot be read; it counts as missing: %s", fault)
	}
	k.ok("the discovery document names the issuer %s", discovery.Issuer)
	k.otherIssuer(discovery.Issuer)
	return true
}

// otherIssuer warns if verify.issuer does not list the issuer of the discovery document,
// often for a slash at its end. An issuer with {tenantid} is a template for many.
func (k *checker) otherIssuer(issuer string) {
	if allowed := k.cfg.Verify.Issuer; len(allowed) > 0 && !slices.Contains(allowed, issuer) && !strings.Contains(issuer, "{") {
		k.warn("verify.issuer", "does not list the issuer that the discovery document names, so tokens of that issuer pass unenriched (not_ours); write %s, exactly like this, or add it", issuer)
	}
}

// oddKeys warns about each entry of the backend's JWK Set that cannot be used or is a
// danger.
func (k *checker) oddKeys(ring *keys.Ring) {
	for _, odd := range ring.OddKeys() {
		if odd.Used {
			k.warn("verify.jwks", "the backend's JWK Set has a key that is a danger: %v", odd)
		} else {
			k.warn("verify.jwks", "the backend's JWK Set has a key that cannot be used, so tokens that it signs pass unenriched: %v", odd)
		}
	}
}

// secretEncoding says that the text of the secret may be encoded: check has no token that
// would show it.
func (k *checker) secretEncoding() {
	v := k.cfg.Verify
	if v.SecretEncoding != config.TextSecret {
		return
	}
	if _, err := hex.DecodeString(v.Secret.Reveal()); err == nil {
		return // almost always meant as text
	}
	others := v.OtherSecretKeys()
	for _, encoding := range []config.SecretEncoding{config.Base64Secret, config.Base64URLSecret} {
		if key := others[string(encoding)]; slices.Contains([]int{32, 48, 64}, len(key)) {
			k.note("verify.secret looks like %d bytes in %s. If the backend decodes it, as many Java and .NET programs do, set verify.secret_encoding: %s. With a token of the backend, tokengraft try says which one is right.", len(key), encoding, encoding)
			return
		}
	}
}

// clients warns about enriched tokens that known clients refuse.
func (k *checker) clients(ring *keys.Ring) {
	issuesIDTokens := k.cfg.OIDC.Enabled || slices.ContainsFunc(k.cfg.Rules, hasIDTokens)
	if issuesIDTokens && ring.SignsEdDSA() {
		k.warn("sign.algorithm", "id_tokens can have the algorithm EdDSA; mod_auth_openidc 2.4.12 and Authlib 1.2 cannot compute at_hash for it and refuse the login, although the hash is right; if you have such clients, use another algorithm")
	}
}

func hasIDTokens(rule config.Rule) bool {
	return slices.ContainsFunc(rule.Tokens, func(l locate.Location) bool { return l.Kind() == enrich.ID })
}
