package sidecar

import (
	"context"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/admin"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// conditions returns what the sidecar needs. It is not ready before those have held
// once without which a login would be refused. The others only degrade it.
func (g *generation) conditions() []admin.Condition {
	gates := refuses(g.cfg)
	source := admin.Condition{Name: "source", Gate: gates, Probe: g.documents.source.Check}
	if g.documents.breaker != nil {
		source.Fault = g.documents.breaker.State
	}
	conditions := []admin.Condition{
		{Name: "backend", Gate: true, Probe: g.probeBackend},
		{Name: "keys", Gate: true, Instant: true, Probe: func(context.Context) error { return g.ring.OwnKeysReady() }},
		{Name: "jwks", Gate: gates, Instant: true, Probe: func(context.Context) error { return g.ring.BackendKeysReady() }},
		source,
	}
	if g.follower != nil {
		conditions = append(conditions, admin.Condition{
			Name: "discovery", Gate: gates, Instant: true, Probe: func(context.Context) error { return g.follower.State() },
		})
	}
	return conditions
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
		if d, ok := follower.Discovery(); ok {
			return cfg.Backend.String() + d.JWKS
		}
	}
	return cfg.Backend.String() + cfg.DiscoveryPaths()[0]
}

// refuses reports whether any rule with tokens has the policy refuse. In shadow no rule refuses.
func refuses(cfg *config.Config) bool {
	if cfg.Shadow {
		return false
	}
	if cfg.OIDC.Enabled && cfg.OnFailure == config.Refuse {
		return true
	}
	for _, rule := range cfg.Rules {
		if rule.OnFailure == config.Refuse && len(rule.Tokens) > 0 {
			return true
		}
	}
	return false
}
