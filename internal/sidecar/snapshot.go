package sidecar

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

// newSnapshot returns the rules and settings for the proxy of a generation, from the
// configuration and the backend's discovery document. The zero Discovery means that
// the document has not been fetched.
func newSnapshot(g *generation, d oidc.Discovery) (*proxy.Snapshot, error) {
	rules, err := proxy.NewRules(rulesOf(g.cfg, d))
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	snapshot := &proxy.Snapshot{
		Rules:     rules,
		Enricher:  g.enricher,
		Restore:   g.cfg.Restores(),
		RestoreAt: g.cfg.Restore.At,
		Shadow:    !g.cfg.Live(),
		Off:       !g.cfg.Claim.Enabled,
		Locals:    g.locals,
		Forwards:  g.forwards,
		Sizes:     locate.Limits{Token: int(g.cfg.Claim.MaxTokenSize), Line: int(g.cfg.Claim.MaxHeaderSize)},
	}
	if g.signIns != nil {
		snapshot.Deleted = g.signIns.deleted(g.enricher)
	}
	addJWKS(snapshot, g, d)
	if g.documents.breaker != nil && g.cfg.Cache.StaleFor == 0 {
		snapshot.Failing = g.documents.breaker.Open
	}
	if g.cfg.OIDC.Enabled {
		addDiscovery(snapshot, g, d)
	}
	return snapshot, nil
}

// addDiscovery adds the paths that the discovery document names, and the function that
// edits the document for clients.
func addDiscovery(snapshot *proxy.Snapshot, g *generation, d oidc.Discovery) {
	snapshot.Edit = func(document []byte) []byte { return oidc.Edit(document, editsOf(g.cfg, g.publishes())) }
	for _, place := range g.cfg.DiscoveryPaths() {
		snapshot.DiscoveryPaths = append(snapshot.DiscoveryPaths, pathOf(place))
	}
	for kind, place := range map[config.ResponseKind]string{config.UserInfo: d.UserInfo, config.Introspection: d.Introspection} {
		if place != "" && slices.Contains(g.cfg.Claim.Responses, kind) {
			snapshot.ObjectPaths = append(snapshot.ObjectPaths, pathOf(place))
		}
	}
}

// pathOf returns the path of an address in the form in which the proxy compares
// paths: decoded, clean and without a query.
func pathOf(address string) string {
	u, err := url.ParseRequestURI(address)
	if err != nil {
		return address
	}
	return path.Clean("/" + u.Path)
}

// rulesOf returns the configured rules and those from the discovery document.
func rulesOf(cfg *config.Config, d oidc.Discovery) []proxy.Rule {
	rules := oidc.Merge(configuredRules(cfg), discoveredRules(cfg, d))
	elsewhere := d.Elsewhere(policies[cfg.OnFailure])
	for i := range elsewhere {
		elsewhere[i].Gate = cfg.UserCreation.Enabled()
	}
	return append(rules, elsewhere...)
}

func configuredRules(cfg *config.Config) []proxy.Rule {
	var rules []proxy.Rule
	presets, _ := cfg.PresetPatterns()
	for _, rule := range cfg.Rules {
		group := groupOf(rule, cfg, presets)
		rules = append(rules, proxy.Rule{
			Pattern:   rule.Match,
			Tokens:    rule.Tokens,
			Refresh:   refreshes[rule.Refresh],
			OnFailure: policies[rule.OnFailure],
			Gate:      rule.Gate || cfg.UserCreation.Enabled() && len(rule.Tokens) > 0,
			Restore:   rule.Restore,
			Rejection: rejections[rule.Errors],
			Group:     group,
			Known:     group != "",
		})
	}
	if hasSignIns(cfg) {
		for _, pattern := range cfg.Deletions {
			rules = append(rules, proxy.Rule{Pattern: pattern, Deletes: true})
		}
	}
	for _, rule := range cfg.Addresses {
		rules = append(rules, proxy.Rule{Pattern: rule.Match, Addresses: rule.At})
	}
	return rules
}

// groupOf returns the group of a configured rule: the preset that it comes from.
func groupOf(rule config.Rule, cfg *config.Config, presets []string) string {
	if slices.Contains(presets, rule.Match) {
		return "the preset " + string(cfg.Preset.Name)
	}
	return ""
}

// discoveredRules returns the rules for the endpoints in the discovery document. A
// signed userinfo response is a token too, if responses get the claim. It issues nothing,
// so its rule is never a gate.
func discoveredRules(cfg *config.Config, d oidc.Discovery) []proxy.Rule {
	rules := d.Rules(policies[cfg.OnFailure])
	for i := range rules {
		rules[i].Gate = cfg.UserCreation.Enabled()
		rules[i].Group = "the discovery document"
	}
	if slices.Contains(cfg.Claim.Responses, config.UserInfo) {
		userInfo := d.SignedUserInfo(policies[cfg.OnFailure])
		for i := range userInfo {
			userInfo[i].Group = "the discovery document"
		}
		rules = append(rules, userInfo...)
	}
	return rules
}

// editsOf returns the edits that make the discovery document correct for clients of
// the sidecar.
func editsOf(cfg *config.Config, hasOwnKeys bool) oidc.Edits {
	edits := oidc.Edits{
		UserInfo:  slices.Contains(cfg.Claim.Responses, config.UserInfo),
		Backend:   cfg.Backend.URL(),
		PublicURL: publicURL(cfg),
	}
	if hasOwnKeys && cfg.Sign.Algorithm != config.Same {
		edits.Algorithms = []string{string(cfg.Sign.Algorithm)}
	}
	return edits
}
