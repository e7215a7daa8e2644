package sidecar

import (
	"context"
	"errors"
	"slices"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/admin"
	"github.com/tokengraft/tokengraft/internal/httpanswer"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// conditions returns what the sidecar needs. It is not ready before those have held
// once without which a login would be refused. The others only degrade it.
func (g *generation) conditions() []admin.Condition {
	gates := refuses(g.cfg)
	waits := gates || g.cfg.WaitForBackend
	source := admin.Condition{Name: "source", Gate: gates, Probe: g.documents.source.Check, Help: "Is the source of documents running, and can this machine reach it? `tokengraft check` tries it. Tokens get the claim only where the cache has the document."}
	if g.documents.breaker != nil {
		source.Fault = g.documents.breaker.State
	}
	conditions := []admin.Condition{
		{Name: "backend", Gate: true, Probe: g.probeBackend, Help: "Is the backend running, and can this machine reach it? Clients get 502 until it answers."},
		{Name: "keys", Gate: true, Instant: true, Probe: func(context.Context) error { return g.ring.OwnKeysReady() }, Help: "Look at the directory sign.keys: `tokengraft keys list` says what is wrong with it."},
		{Name: "jwks", Gate: waits, Instant: true, Probe: func(context.Context) error { return g.backendKeysReady() }, Help: "The backend's keys cannot be fetched, so tokens that need a new one stay as they are. Check verify.jwks."},
		source,
	}
	if g.follower != nil {
		conditions = append(conditions, admin.Condition{
			Name: "discovery", Gate: waits, Instant: true, Probe: func(context.Context) error { return g.follower.State() },
			Fault: g.discoveryAdvice, Help: "The backend's discovery document cannot be fetched. The rules that it has named before stay in use.",
		})
	}
	return conditions
}

// backendKeysReady returns why the backend's keys are not known or not up to date. If
// the backend signs only with a secret, it does not have to have keys.
func (g *generation) backendKeysReady() error {
	err := g.ring.BackendKeysReady()
	if err == nil || g.follower == nil {
		return err
	}
	if d, ok := g.follower.Discovery(); ok && !needsBackendKeys(g.cfg, d) {
		return nil
	}
	return err
}

// discoveryAdvice names the setting that can help if the discovery document cannot be
// fetched, or "".
func (g *generation) discoveryAdvice() string {
	if fault, ok := errors.AsType[*httpanswer.Error](g.follower.State()); ok && fault.Setting != "" {
		return "failing; see the setting " + fault.Setting
	}
	return ""
}

// probeBackend reports whether the backend answers at all.
func (g *generation) probeBackend(ctx context.Context) error {
	_, err := askBackend(ctx, g.client, probed(g.cfg, g.follower))
	return err
}

// probed returns the address to probe the backend at: that of its keys if it is known, or
// else of its discovery document. Both cost less than the page at /, which some backends
// render for each request. The follower may be nil.
func probed(cfg *config.Config, follower *oidc.Follower) string {
	if at := keysAtBackend(cfg); at != nil {
		return at.String()
	}
	if !cfg.OIDC.Enabled {
		return cfg.Backend.String() + "/"
	}
	if follower != nil {
		if d, ok := follower.Discovery(); ok && d.JWKS != "" {
			return jwksAddress(cfg, d)
		}
	}
	return cfg.Backend.String() + cfg.DiscoveryPaths()[0]
}

// refuses reports whether a response may be refused because the backend's keys or the
// documents are not known: by the policy of a rule with tokens, or by a gate. In shadow no
// response is.
func refuses(cfg *config.Config) bool {
	if !cfg.Live() {
		return false
	}
	if cfg.OIDC.Enabled && (cfg.OnFailure == config.Refuse || cfg.UserCreation.Enabled()) {
		return true
	}
	return slices.ContainsFunc(configuredRules(cfg), func(r proxy.Rule) bool {
		return len(r.Tokens) > 0 && (r.Gate || r.OnFailure == enrich.Refuse)
	})
}
