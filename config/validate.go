package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// validate checks what no setting can tell by itself, and completes what
// follows from other settings.
func validate(c *Config, r *report) {
	checkListeners(c, r)
	checkBackendTLS(c, r)
	checkSizes(c, r)
	checkWaits(c, r)
	checkDrain(c.Timeouts, r)
	checkRules(c, r)
	checkOIDC(c, r)
	checkVerify(c, r)
	checkSign(c, r)
	checkClaim(c.Claim, r)
	checkDocuments(c.Documents, r)
	checkHooks(c, r)
}

func checkListeners(c *Config, r *report) {
	if c.Listen == c.Admin && c.Listen != "" && !strings.HasSuffix(string(c.Listen), ":0") {
		r.fault("admin", errors.New("is the address of listen, want another or off"))
	}
	if c.Backend.isAt(c.Listen) {
		r.fault("backend", errors.New("is the address of listen: the sidecar would ask itself, want that of the auth backend"))
	}
}

func checkOIDC(c *Config, r *report) {
	if len(c.Claim.Responses) > 0 && !c.OIDC.Enabled {
		r.fault("claim.responses", errors.New("needs oidc, which learns where those answers come from"))
	}
	for i, path := range c.OIDC.Discovery {
		if !isPath(path) {
			r.fault(fmt.Sprintf("oidc.discovery[%d]", i), errors.New("want a path like /.well-known/openid-configuration"))
		}
	}
	if c.OIDC.Enabled && len(c.OIDC.Discovery) == 0 {
		r.fault("oidc.discovery", errors.New("is empty, want a path like /.well-known/openid-configuration"))
	}
}

func checkVerify(c *Config, r *report) {
	v := c.Verify
	asymmetric := r.set("verify.jwks") || r.set("verify.public_key")
	secret := r.set("verify.secret") || r.set("verify.secret_file")
	switch {
	case r.set("verify.jwks") && r.set("verify.public_key"):
		r.fault("verify.public_key", errors.New("stands beside verify.jwks, want one of them"))
	case !asymmetric && !secret && !c.OIDC.Enabled && !r.set("sign.backend_key"):
		r.fault("verify", errors.New("no keys of the backend, want jwks, public_key or secret"))
	}
	if v.Leeway > 5*time.Minute {
		r.fault("verify.leeway", errors.New("is too long, want at most 5m"))
	}
	for i, algorithm := range v.Algorithms {
		if algorithm.Symmetric() && !secret {
			r.fault(fmt.Sprintf("verify.algorithms[%d]", i), fmt.Errorf("%s needs verify.secret or verify.secret_file", algorithm))
		}
	}
	if len(v.Algorithms) > 0 && secretOnly(c, r) && !slices.ContainsFunc(v.Algorithms, VerifyAlgorithm.Symmetric) {
		r.fault("verify.algorithms", errors.New("none of them signs with verify.secret, want HS256, HS384 or HS512"))
	}
}

// leastRotation is more than twice what a key is published before it signs.
const leastRotation = 15 * time.Minute

func checkSign(c *Config, r *report) {
	ownKeys, backendKey := r.set("sign.keys"), r.set("sign.backend_key")
	switch {
	case ownKeys && backendKey:
		r.fault("sign.backend_key", errors.New("stands beside sign.keys, want one of them"))
	case backendKey && c.Sign.Algorithm != Same:
		r.fault("sign.algorithm", errors.New("stands beside sign.backend_key, which signs by the original's algorithm, want same"))
	case !ownKeys && !backendKey && !secretOnly(c, r):
		r.fault("sign.keys", errors.New("is required, want a directory for our private keys, or sign.backend_key"))
	}
	switch rotateAfter := c.Sign.RotateAfter; {
	case rotateAfter == 0:
	case rotateAfter < leastRotation:
		r.fault("sign.rotate_after", errors.New("is too short for a key to be published before it signs, want at least 15m, or 0s for never"))
	case !ownKeys:
		r.fault("sign.rotate_after", errors.New("needs sign.keys, want a directory that this sidecar may write to"))
	}
	if !isPath(c.Sign.JWKSPath) {
		r.fault("sign.jwks_path", errors.New("want a path like /.well-known/jwks.json"))
	}
}

// secretOnly reports whether no token can ask for a private key: all of the
// backend's are signed with the secret.
func secretOnly(c *Config, r *report) bool {
	secret := r.set("verify.secret") || r.set("verify.secret_file")
	return secret && !c.OIDC.Enabled && !r.set("verify.jwks") && !r.set("verify.public_key") && !r.set("sign.backend_key")
}

// checkClaim checks the names of our claims, which must also differ from each
// other, and what stands in the first.
func checkClaim(c Claim, r *report) {
	names := map[string]string{}
	for _, claim := range []struct{ path, name string }{
		{"claim.name", c.Name}, {"claim.freshness", c.Freshness}, {"claim.read_at", c.ReadAt},
	} {
		if claim.name == "" && claim.path != "claim.name" {
			continue
		}
		if err := enrich.CheckClaimName(claim.name); err != nil {
			r.fault(claim.path, err)
		}
		if other, ok := names[claim.name]; ok {
			r.fault(claim.path, fmt.Errorf("is the name in %s, want another", other))
		}
		names[claim.name] = claim.path
	}
	if err := (enrich.Projection{Include: c.Include, Exclude: c.Exclude}).Validate(); err != nil {
		r.fault(projectionPath(c), err)
	}
	if len(c.Kinds) == 0 {
		r.fault("claim.kinds", errors.New("is empty, want access, id or both"))
	}
	for i, kind := range c.Kinds {
		if kind != "" && slices.Contains(c.Kinds[:i], kind) {
			r.fault(fmt.Sprintf("claim.kinds[%d]", i), fmt.Errorf("%s is named twice", kind))
		}
	}
}

// projectionPath returns which of the two lists a fault of both is blamed on.
func projectionPath(c Claim) string {
	alone := enrich.Projection{Include: c.Include}
	if len(c.Exclude) == 0 || alone.Validate() != nil {
		return "claim.include"
	}
	return "claim.exclude"
}

func checkDocuments(d Documents, r *report) {
	mongo, file := r.set("documents.mongodb"), r.set("documents.file")
	switch {
	case mongo && file:
		r.fault("documents.file", errors.New("stands beside documents.mongodb, want one of them"))
	case !mongo && !file && r.set("documents"):
		r.fault("documents.mongodb", errors.New("no source of documents, want mongodb or file"))
	}
	if mongo {
		checkURI(d.MongoDB, r)
	}
	if d.UserIDField == "" {
		return // reported as missing
	}
	if err := (enrich.Projection{Include: []string{d.UserIDField}}).Validate(); err != nil {
		r.fault("documents.user_id_field", err)
	}
}

func checkURI(m MongoDB, r *report) {
	given := r.set("documents.mongodb.uri") || r.set("documents.mongodb.uri_file")
	path := "documents.mongodb.uri"
	if r.set(path + "_file") {
		path += "_file"
	}
	uri := m.URI.Reveal()
	switch {
	case !given:
		r.fault(path, errors.New("is required, want a connection string, or uri_file"))
	case !strings.HasPrefix(uri, "mongodb://") && !strings.HasPrefix(uri, "mongodb+srv://"):
		r.fault(path, errors.New("want a connection string, mongodb:// or mongodb+srv://"))
	}
}
