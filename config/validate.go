package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// Validate completes and checks a configuration that was made in Go, or changed
// after it was loaded. It applies the preset, reads secrets from the files that
// contain them, and sets missing words to their defaults. Paths are relative to the
// working directory. Start with [Default], because a zero number or duration means
// zero. A preset overrides settings that have their defaults.
//
// The error is [Faults], as for a file, but without places.
func (c *Config) Validate() error {
	if c.file == "" {
		c.applyPreset()
	}
	r := yamlbind.Check(c, c.report)
	readSecrets(c, r)
	validate(c, r)
	return faultsOf(c.file, r)
}

// validate checks settings that depend on other settings, and completes those that
// follow from others.
func validate(c *Config, r *yamlbind.Report) {
	checkListeners(c, r)
	checkBackendTLS(c, r)
	checkSizes(c, r)
	checkWaits(c, r)
	checkShares(c.Limits, r)
	checkProcesses(c.Functions, r)
	checkDrain(c.Timeouts, r)
	checkRules(c, r)
	checkOIDC(c, r)
	checkVerify(c, r)
	checkSign(c, r)
	checkClaim(c.Claim, r)
	checkDocuments(c.Documents, r)
	checkHooks(c, r)
	checkForward(c, r)
	checkAccess(c, r)
}

func checkListeners(c *Config, r *yamlbind.Report) {
	if c.Listen == c.Admin && c.Listen != "" && !strings.HasSuffix(string(c.Listen), ":0") {
		r.Fault("admin", errors.New("is the same address as listen; use another one, or off"))
	}
	if c.Backend.isAt(c.Listen) {
		r.Fault("backend", errors.New("is the sidecar's own address (listen); use the address of the auth backend"))
	}
}

func checkOIDC(c *Config, r *yamlbind.Report) {
	if len(c.Claim.Responses) > 0 && !c.OIDC.Enabled {
		r.Fault("claim.responses", errors.New("requires oidc, which finds the paths of these responses"))
	}
	for i, path := range c.OIDC.Discovery {
		if !isPath(path) {
			r.Fault(fmt.Sprintf("oidc.discovery[%d]", i), errors.New("must be a path like /.well-known/openid-configuration"))
		}
	}
	if c.OIDC.Enabled && len(c.OIDC.Discovery) == 0 {
		r.Fault("oidc.discovery", errors.New("is empty; set it to a path like /.well-known/openid-configuration"))
	}
}

func checkVerify(c *Config, r *yamlbind.Report) {
	v := c.Verify
	asymmetric := r.Set("verify.jwks") || r.Set("verify.public_key")
	secret := r.Set("verify.secret") || r.Set("verify.secret_file")
	switch {
	case r.Set("verify.jwks") && r.Set("verify.public_key"):
		r.Fault("verify.public_key", errors.New("cannot be combined with verify.jwks; remove one of them"))
	case !asymmetric && r.Empty("verify.secret") && !c.OIDC.Enabled && !r.Set("sign.backend_key") && !secret:
		r.Fault("verify.secret", errors.New("is empty, and there are no other keys of the backend; give it a value, or set jwks or public_key"))
	case !asymmetric && !secret && !c.OIDC.Enabled && !r.Set("sign.backend_key"):
		r.Fault("verify", errors.New("no keys of the backend; set jwks, public_key or secret"))
	}
	if _, err := v.SecretKey(); err != nil {
		r.Fault(secretSetting(r), err)
	}
	if v.SecretEncoding != "" && v.SecretEncoding != TextSecret && !secret {
		r.Fault("verify.secret_encoding", errors.New("has no effect without verify.secret or verify.secret_file; set one of them, or remove it"))
	}
	if v.Leeway > 5*time.Minute {
		r.Fault("verify.leeway", errors.New("is too long; at most 5m is allowed"))
	}
	for i, algorithm := range v.Algorithms {
		if algorithm.Symmetric() && !secret {
			r.Fault(fmt.Sprintf("verify.algorithms[%d]", i), fmt.Errorf("%s requires verify.secret or verify.secret_file", algorithm))
		}
	}
	if len(v.Algorithms) > 0 && secretOnly(c, r) && !slices.ContainsFunc(v.Algorithms, VerifyAlgorithm.Symmetric) {
		r.Fault("verify.algorithms", errors.New("none of these algorithms uses verify.secret; add HS256, HS384 or HS512"))
	}
}

// secretSetting returns the setting that the secret comes from.
func secretSetting(r *yamlbind.Report) string {
	if r.Set("verify.secret_file") {
		return "verify.secret_file"
	}
	return "verify.secret"
}

// minRotation is more than twice the time for which a key is published before it
// signs.
const minRotation = 15 * time.Minute

func checkSign(c *Config, r *yamlbind.Report) {
	ownKeys, backendKey := r.Set("sign.keys"), r.Set("sign.backend_key")
	switch {
	case ownKeys && backendKey:
		r.Fault("sign.backend_key", errors.New("cannot be combined with sign.keys; remove one of them"))
	case backendKey && c.Sign.Algorithm != Same:
		r.Fault("sign.algorithm", errors.New("cannot be combined with sign.backend_key, which always signs with the original's algorithm; use same"))
	case !ownKeys && !backendKey && !secretMeant(c, r):
		if cause := asymmetric(c, r); cause != "" {
			secret := "verify.secret and verify.algorithms, such as [HS256]"
			if cause == "oidc" {
				secret = "verify.secret"
			}
			r.Fault("sign.keys", fmt.Errorf("is required, because %s allows tokens that are signed with a private key; set it to a directory for the sidecar's own keys, or set sign.backend_key to the key of the backend. If a secret signs all tokens, set %s", cause, secret))
		}
	}
	switch rotateAfter := c.Sign.RotateAfter; {
	case rotateAfter == 0:
	case rotateAfter < minRotation:
		r.Fault("sign.rotate_after", errors.New("is too short, because a key must be published before it signs; use at least 15m, or 0s for never"))
	case !ownKeys:
		r.Fault("sign.rotate_after", errors.New("requires sign.keys; set it to a directory that the sidecar can write to"))
	}
	checkJWKSPath(c.Sign, r)
}

// secretMeant reports whether a wrong name or an empty value is why there is no
// secret. That is a fault already, and without it sign.keys may not be required.
func secretMeant(c *Config, r *yamlbind.Report) bool {
	if r.Set("verify.jwks") || r.Set("verify.public_key") {
		return false
	}
	return r.Meant("verify") || r.Meant("verify.secret") || r.Meant("verify.secret_file") || r.Empty("verify.secret")
}

// asymmetric returns the setting by which tokens can have the signature of a private key,
// and "" if all of them must be signed with the secret.
func asymmetric(c *Config, r *yamlbind.Report) string {
	secret := r.Set("verify.secret") || r.Set("verify.secret_file")
	listed := secret && len(c.Verify.Algorithms) > 0
	switch {
	case listed && !slices.ContainsFunc(c.Verify.Algorithms, func(a VerifyAlgorithm) bool { return !a.Symmetric() }):
		return ""
	case r.Set("verify.jwks"):
		return "verify.jwks"
	case r.Set("verify.public_key"):
		return "verify.public_key"
	case c.OIDC.Enabled && listed:
		return "verify.algorithms"
	case c.OIDC.Enabled && !secret:
		return "oidc"
	}
	return ""
}

func checkJWKSPath(s Sign, r *yamlbind.Report) {
	if len(s.JWKSPath) == 0 {
		r.Fault("sign.jwks_path", errors.New("is empty; set it to a path like /.well-known/jwks.json"))
	}
	for i, path := range s.JWKSPath {
		if !isPath(path) {
			r.Fault(fmt.Sprintf("sign.jwks_path[%d]", i), errors.New("must be a path like /.well-known/jwks.json"))
		}
	}
}

// secretOnly reports whether no token needs a private key, because the backend signs
// all of them with the secret.
func secretOnly(c *Config, r *yamlbind.Report) bool {
	secret := r.Set("verify.secret") || r.Set("verify.secret_file")
	return secret && !c.OIDC.Enabled && !r.Set("verify.jwks") && !r.Set("verify.public_key") && !r.Set("sign.backend_key")
}

// checkClaim checks the names of the claims, which must differ from each other, and
// the content of the first.
func checkClaim(c Claim, r *yamlbind.Report) {
	names := map[string]string{}
	for _, claim := range []struct{ path, name string }{
		{"claim.name", c.Name}, {"claim.freshness", c.Freshness}, {"claim.read_at", c.ReadAt},
	} {
		if claim.name == "" && claim.path != "claim.name" {
			continue
		}
		if err := c.checkName(claim.name); err != nil {
			r.Fault(claim.path, err)
		}
		if other, ok := names[claim.name]; ok {
			r.Fault(claim.path, fmt.Errorf("is the same name as %s; use another one", other))
		}
		names[claim.name] = claim.path
	}
	if err := (bsonjson.Projection{Include: c.Include, Exclude: c.Exclude}).Validate(); err != nil {
		r.Fault(projectionPath(c), err)
	}
	if len(c.Kinds) == 0 {
		r.Fault("claim.kinds", errors.New("is empty; use access, id or both"))
	}
	for i, kind := range c.Kinds {
		if kind != "" && slices.Contains(c.Kinds[:i], kind) {
			r.Fault(fmt.Sprintf("claim.kinds[%d]", i), fmt.Errorf("%s is listed twice", kind))
		}
	}
}

// checkName returns an error if a claim must not have this name.
func (c Claim) checkName(name string) error {
	err := enrich.CheckClaimName(name)
	switch {
	case !errors.Is(err, enrich.ErrPrivilegedName):
		return err
	case c.AllowPrivilegedName:
		return nil
	}
	return fmt.Errorf("%w, or set claim.allow_privileged_name: true if users cannot write their own document", err)
}

// projectionPath returns which of the two lists causes a fault.
func projectionPath(c Claim) string {
	alone := bsonjson.Projection{Include: c.Include}
	if len(c.Exclude) == 0 || alone.Validate() != nil {
		return "claim.include"
	}
	return "claim.exclude"
}

func checkDocuments(d Documents, r *yamlbind.Report) {
	mongo, file := r.Set("documents.mongodb"), r.Set("documents.file")
	switch {
	case mongo && file:
		r.Fault("documents.file", errors.New("cannot be combined with documents.mongodb; remove one of them"))
	case !mongo && !file && r.Set("documents"):
		r.Fault("documents.mongodb", errors.New("no source of documents; set mongodb or file"))
	}
	if mongo {
		checkURI(d.MongoDB, r)
	}
	if d.UserIDField == "" {
		return // reported as missing
	}
	if err := (bsonjson.Projection{Include: []string{d.UserIDField}}).Validate(); err != nil {
		r.Fault("documents.user_id_field", err)
	}
	if d.UserIDIssuer != "" {
		checkIssuerField(d, r)
	}
}

func checkIssuerField(d Documents, r *yamlbind.Report) {
	const path = "documents.user_id_issuer"
	mapping, err := bsonjson.NewMapping(d.UserIDField, "", "", bsonjson.Projection{})
	if err != nil {
		return // a fault of user_id_field
	}
	if _, err := mapping.WithIssuer(d.UserIDIssuer); err != nil {
		r.Fault(path, err)
	}
	if d.IssuerShared {
		r.Fault(path, errors.New("cannot be combined with documents.issuer_shared, which says that the issuer does not matter; remove one of them"))
	}
}

func checkURI(m MongoDB, r *yamlbind.Report) {
	given := r.Set("documents.mongodb.uri") || r.Set("documents.mongodb.uri_file")
	path := "documents.mongodb.uri"
	if r.Set(path + "_file") {
		path += "_file"
	}
	uri := m.URI.Reveal()
	switch {
	case !given:
		r.Fault(path, errors.New("is required; set it to a connection string, or set uri_file"))
	case !strings.HasPrefix(uri, "mongodb://") && !strings.HasPrefix(uri, "mongodb+srv://"):
		r.Fault(path, errors.New("must be a connection string that starts with mongodb:// or mongodb+srv://"))
	}
}
