package cli

import (
	"fmt"
	"net/url"
	"path"
	"slices"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// snapshot is what the proxy works by: the configuration, and what was learned
// of the backend. The zero Discovery is nothing yet.
func (g *generation) snapshot(learned oidc.Discovery) (*proxy.Snapshot, error) {
	rules, err := proxy.NewRules(oidc.Merge(g.configuredRules(), g.learnedRules(learned)))
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	snapshot := &proxy.Snapshot{
		Rules:     rules,
		Enricher:  g.enricher,
		Restore:   g.cfg.Restores(),
		Shadow:    g.cfg.Shadow,
		JWKSPaths: []string{pathOf(g.cfg.Sign.JWKSPath)},
		Sizes:     locate.Limits{Token: int(g.cfg.Claim.MaxTokenSize), Line: int(g.cfg.Claim.MaxHeaderSize)},
	}
	if g.signIns != nil {
		snapshot.Deleted = g.signIns.deleted(g.enricher)
	}
	if g.ring.HasOwn() {
		snapshot.Keys = g.ring
	}
	if g.documents.breaker != nil && g.cfg.Cache.StaleFor == 0 {
		snapshot.Failing = g.documents.breaker.Open
	}
	if !g.cfg.OIDC.Enabled {
		return snapshot, nil
	}
	snapshot.Edit = g.editDiscovery
	for _, place := range g.cfg.OIDC.Discovery {
		snapshot.Discovery = append(snapshot.Discovery, pathOf(place))
	}
	for answer, place := range map[config.ResponseKind]string{config.UserInfo: learned.UserInfo, config.Introspection: learned.Introspection} {
		if place != "" && slices.Contains(g.cfg.Claim.Responses, answer) {
			snapshot.Answers = append(snapshot.Answers, pathOf(place))
		}
	}
	if learned.JWKS != "" {
		snapshot.JWKSPaths = append(snapshot.JWKSPaths, pathOf(learned.JWKS))
	}
	return snapshot, nil
}

// pathOf is the path of an address as the proxy compares paths: decoded, clean
// and without a query.
func pathOf(address string) string {
	u, err := url.ParseRequestURI(address)
	if err != nil {
		return address
	}
	return path.Clean("/" + u.Path)
}

func (g *generation) configuredRules() []proxy.Rule {
	var rules []proxy.Rule
	for _, rule := range g.cfg.Rules {
		rules = append(rules, proxy.Rule{
			Pattern:   rule.Match,
			Tokens:    rule.Tokens,
			Refresh:   refreshes[rule.Refresh],
			OnFailure: policies[rule.OnFailure],
			Restore:   rule.Restore,
			Rejection: rejections[rule.Errors],
		})
	}
	if g.signIns != nil {
		for _, pattern := range g.cfg.Deletions {
			rules = append(rules, proxy.Rule{Pattern: pattern, Deletes: true})
		}
	}
	for _, rule := range g.cfg.Addresses {
		rules = append(rules, proxy.Rule{Pattern: rule.Match, Addresses: rule.At})
	}
	return rules
}

// learnedRules are those of the backend's endpoints; a signed answer of userinfo
// is a token, too, where answers carry the claim.
func (g *generation) learnedRules(learned oidc.Discovery) []proxy.Rule {
	rules := learned.Rules(policies[g.cfg.OnFailure])
	if slices.Contains(g.cfg.Claim.Responses, config.UserInfo) {
		rules = append(rules, learned.SignedUserInfo(policies[g.cfg.OnFailure])...)
	}
	return rules
}

// editDiscovery makes a discovery document true of what goes through here.
func (g *generation) editDiscovery(document []byte) []byte {
	edits := oidc.Edits{
		UserInfo:  slices.Contains(g.cfg.Claim.Responses, config.UserInfo),
		Backend:   g.cfg.Backend.URL(),
		PublicURL: publicURL(g.cfg),
	}
	if g.ring.HasOwn() && g.cfg.Sign.Algorithm != config.Same {
		edits.Algorithms = []string{string(g.cfg.Sign.Algorithm)}
	}
	return oidc.Edit(document, edits)
}

// newFollower follows what the backend says of itself; nil without oidc.
func (g *generation) newFollower() (f *oidc.Follower) {
	if !g.cfg.OIDC.Enabled {
		return nil
	}
	s := g.sidecar
	f = oidc.NewFollower(oidc.Options{
		Client:    backendClient(g.cfg, g.backendTLS.config()),
		Backend:   g.cfg.Backend.URL(),
		PublicURL: publicURL(g.cfg),
		Paths:     g.cfg.OIDC.Discovery,
		OnChange:  func(d oidc.Discovery) { s.learn(f, d) },
		Logger:    g.logger,
	})
	return f
}

// learn makes the present generation work by what its follower was told. One
// that a reload has replaced meanwhile is not listened to.
func (s *sidecar) learn(from *oidc.Follower, d oidc.Discovery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.present()
	if g.follower == from && g.learn(d) {
		s.logger.Info("learned from the discovery document", "issuer", d.Issuer, "token_endpoint", d.Token, "jwks_uri", d.JWKS)
	}
}

// learn works by what the backend says of itself, from the next request on. It
// reports whether it can.
func (g *generation) learn(d oidc.Discovery) bool {
	snapshot, err := g.snapshot(d)
	if err == nil {
		g.setIssuer(d) // before the rules: their first login needs the keys
		err = g.proxy.Use(snapshot)
	}
	if err != nil {
		g.logger.Error("the discovery document makes no rules; those known so far stay", "error", err)
		return false
	}
	g.learned = &d
	return true
}

// setIssuer tells the ring where the backend's keys are, and whose tokens they sign.
func (g *generation) setIssuer(d oidc.Discovery) {
	g.ring.ApplyDiscovery(g.cfg.Backend.String()+d.JWKS, d.Issuer)
}
