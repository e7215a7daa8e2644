package sidecar

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
)

// settings warns about settings that are allowed but risky.
func (k *checker) settings() {
	v := k.cfg.Verify
	if len(v.Issuer) == 0 && len(v.Audience) == 0 && !k.cfg.OIDC.Enabled {
		k.warn("verify", "neither issuer nor audience is set, so tokens for other applications are enriched too, if the backend's keys verify them; set at least one")
	}
	if d := k.cfg.Documents; len(v.Issuer) > 1 && !d.IssuerShared && d.UserIDIssuer == "" {
		k.warn("verify.issuer", "lists %d issuers, but documents are found by the user id alone, which is unique only within its issuer (OpenID Connect Core, section 5.7); set documents.user_id_issuer to the field that names the issuer, or documents.issuer_shared: true if all issuers use the same ids", len(v.Issuer))
	}
	if secret, err := v.SecretKey(); err == nil && secret != nil && len(secret) < 32 {
		k.warn("verify.secret", "has %d bytes, but HS256 needs at least 32 (RFC 7518, section 3.2); a short secret can be guessed; use a longer one, in the backend and here", len(secret))
	}
	if variable.MatchString(v.Secret.Reveal()) {
		k.warn("verify.secret", "starts with $ and looks like the name of a variable; put the name in braces, as in ${JWT_SECRET}")
	}
	k.rules()
	k.names()
	k.values()
	k.report(checkReads(k.cfg))
	k.forwardTokens()
	if advice := memoryAdvice(k.cfg); advice != "" {
		k.warn("limits.memory", "%s", advice)
	}
	if k.cfg.Claim.MaxTokenSize > 8<<10 {
		k.warn("claim.max_token_size", "exceeds 8KiB; clients send the token in a header, and many servers refuse headers of this size")
	}
}

// rules warns about rules that do something else than they seem to.
func (k *checker) rules() {
	for i, rule := range k.cfg.Rules {
		if host := hostOf(rule.Match); host != "" && !strings.Contains(host, ".") {
			k.warn(fmt.Sprintf("rules[%d].match", i), "matches only requests for the host %s; if this is a path, start it with a slash", host)
		}
		if why := k.cfg.NotLive(); rule.Gate && why != "" {
			k.warn(fmt.Sprintf("rules[%d].gate", i), "has no effect while %s, because no response changes then; go live to start the gate", why)
		}
		for j, location := range rule.Tokens {
			if strings.HasPrefix(location.String(), "json:$") {
				k.warn(fmt.Sprintf("rules[%d].tokens[%d]", i, j), "looks for a member whose name starts with $; for the JSONPath $.data.token write json:data.token")
			}
		}
	}
}

// names warns about claims by which resource servers may decide access.
func (k *checker) names() {
	c := k.cfg.Claim
	for _, claim := range []struct{ path, name string }{
		{"claim.name", c.Name}, {"claim.freshness", c.Freshness}, {"claim.read_at", c.ReadAt},
	} {
		if claim.name != "" && errors.Is(enrich.CheckClaimName(claim.name), enrich.ErrPrivilegedName) {
			k.warn(claim.path, "%q %w; a user who can write their own document grants themselves access", claim.name, enrich.ErrPrivilegedName)
		}
	}
}

// logRisks logs the warnings about settings that a configuration has. It returns them, and
// does not log those that it returned before.
func logRisks(before map[string]bool, cfg *config.Config, logger *slog.Logger) map[string]bool {
	risks := map[string]bool{}
	k := checker{cfg: cfg, found: func(f Finding) {
		risk := f.At.Err.Error()
		risks[f.At.Path+risk] = true
		if !before[f.At.Path+risk] {
			logger.Warn("a setting is allowed, but risky", "setting", f.At.Path, "risk", risk)
		}
	}}
	k.settings()
	return risks
}

// variable matches a variable as a shell accepts it, without braces.
var variable = regexp.MustCompile(`^\$[A-Z_][A-Z0-9_]*$`)

// hostOf returns the host in a pattern of net/http's ServeMux: [METHOD ][HOST]/[PATH].
func hostOf(pattern string) string {
	host, _, _ := strings.Cut(pattern, "/")
	if i := strings.LastIndexAny(host, " \t"); i >= 0 {
		host = host[i+1:]
	}
	return host
}
