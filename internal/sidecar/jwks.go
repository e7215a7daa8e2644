package sidecar

import (
	"net/url"
	"slices"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// addJWKS adds the merged JWK Set, and the paths where clients find it.
func addJWKS(snapshot *proxy.Snapshot, g *generation, d oidc.Discovery) {
	if !g.publishes() {
		return
	}
	snapshot.Keys = g.ring
	for _, at := range g.cfg.Sign.JWKSPath {
		snapshot.JWKSPaths = append(snapshot.JWKSPaths, pathOf(at))
	}
	theirs := backendJWKSPaths(g.cfg, d)
	snapshot.JWKSPaths = append(snapshot.JWKSPaths, theirs...)
	// Without the backend's keys no token is enriched. If tokens pass meanwhile, clients
	// can verify them with the backend's own set.
	if !refuses(g.cfg) || !needsBackendKeys(g.cfg, d) {
		snapshot.BackendJWKSPaths = theirs
	}
}

// publishes reports whether clients need the merged JWK Set to verify tokens. If the
// backend signs all of them with a secret, there is nothing to merge.
func (g *generation) publishes() bool { return g.ring.HasOwnKeys() && !secretOnly(g.cfg) }

// mergedPaths returns the paths of the merged JWK Set, sorted, each once.
func mergedPaths(cfg *config.Config, d oidc.Discovery) []string {
	paths := slices.Concat(cfg.Sign.JWKSPath, backendJWKSPaths(cfg, d))
	slices.Sort(paths)
	return slices.Compact(paths)
}

// jwksPathsOf returns the paths that verifiers must ask for keys: none without keys of
// the sidecar's own.
func jwksPathsOf(cfg *config.Config, d oidc.Discovery) []string {
	if cfg.Sign.Keys == "" || secretOnly(cfg) {
		return []string{}
	}
	return mergedPaths(cfg, d)
}

// backendJWKSPaths returns the paths where the backend serves its own JWK Set, as far as
// they are known.
func backendJWKSPaths(cfg *config.Config, d oidc.Discovery) (paths []string) {
	if at := keysAtBackend(cfg); at != nil {
		paths = append(paths, jwksPath(at.RequestURI()))
	}
	if d.JWKS != "" {
		paths = append(paths, jwksPath(d.JWKS))
	}
	return paths
}

// jwksPath returns the path of an address as [pathOf] does, with the query.
func jwksPath(address string) string {
	path := pathOf(address)
	if u, err := url.ParseRequestURI(address); err == nil && u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return path
}

// secretOnly reports whether only tokens that are signed with verify.secret are accepted,
// so that the backend's JWK Set is never used.
func secretOnly(cfg *config.Config) bool {
	return !cfg.Verify.Secret.IsZero() && allSymmetric(cfg.Verify.Algorithms)
}

// needsBackendKeys reports whether the backend may sign tokens with keys of its JWK Set,
// as far as the settings and the discovery document say.
func needsBackendKeys(cfg *config.Config, d oidc.Discovery) bool {
	if cfg.Verify.Secret.IsZero() {
		return true
	}
	algorithms := cfg.Verify.Algorithms
	if len(algorithms) == 0 {
		for _, name := range d.Algorithms {
			algorithms = append(algorithms, config.VerifyAlgorithm(name))
		}
	}
	return !allSymmetric(algorithms)
}

// allSymmetric reports whether there are algorithms, and all of them use a secret.
func allSymmetric(algorithms []config.VerifyAlgorithm) bool {
	asymmetric := func(a config.VerifyAlgorithm) bool { return !a.Symmetric() }
	return len(algorithms) > 0 && !slices.ContainsFunc(algorithms, asymmetric)
}
