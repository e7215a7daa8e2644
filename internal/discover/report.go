package discover

import (
	"net/url"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A Report is all that was found out.
type Report struct {
	Backend  *url.URL
	Public   *url.URL // what clients type, if a recording has another address than Backend
	Listen   string   // empty for the default
	Analysis Analysis
	Keys     Keys
	Users    *Users // nil if there is no collection
	Presets  []PresetFit
	// Database and Collection are empty if they are not known.
	Database, Collection string
	Notes                []string // more sentences for the end
	SecretFile           string   // with the secret; empty if it is in JWT_SECRET
}

// A rule is what the configuration says about the requests of a pattern.
type rule struct {
	pattern string
	sites   []Site
	refresh *Refresh
	restore []locate.Location
}

// rules returns the rules that the configuration needs besides its preset and its
// discovery document, in the order of the session.
func (r *Report) rules() []*rule {
	var rules []*rule
	find := func(pattern string) *rule {
		if i := slices.IndexFunc(rules, func(o *rule) bool { return o.pattern == pattern }); i >= 0 {
			return rules[i]
		}
		rules = append(rules, &rule{pattern: pattern, refresh: refreshOf(r.Analysis, pattern)})
		return rules[len(rules)-1]
	}
	covered := r.covered()
	for _, site := range r.Analysis.Sites {
		if !covered(site) {
			to := find(site.Pattern)
			to.sites = append(to.sites, site)
		}
	}
	if r.preset() != nil {
		return rules
	}
	anywhere := r.restoreAt()
	for _, place := range r.Analysis.Restores {
		if place.By == BySetting && !slices.Contains(anywhere, place.Location) {
			to := find(place.Pattern)
			to.restore = append(to.restore, place.Location)
		}
	}
	return rules
}

// restoreAt returns the locations for restore.at: custom headers and parameters of URLs,
// which clients send to many paths. A JSON body or a form belongs to one path.
func (r *Report) restoreAt() (locations []locate.Location) {
	if r.preset() != nil {
		return nil
	}
	for _, place := range r.Analysis.Restores {
		if place.By == BySetting && !place.Location.InBody() && !slices.Contains(locations, place.Location) {
			locations = append(locations, place.Location)
		}
	}
	return locations
}

// preset returns the preset that replaces the rules, or nil.
func (r *Report) preset() *PresetFit {
	if len(r.Presets) > 0 && r.Presets[0].Active() && !r.Keys.OIDC {
		return &r.Presets[0]
	}
	return nil
}

// covered returns a function that reports whether a site does not need a rule.
func (r *Report) covered() func(Site) bool {
	if r.preset() != nil {
		return func(Site) bool { return true }
	}
	var discovered []config.Rule
	var elsewhere []locate.Location
	for _, rule := range r.Keys.Rules {
		if rule.Elsewhere {
			elsewhere = append(elsewhere, rule.Tokens...)
		} else {
			discovered = append(discovered, config.Rule{Match: rule.Pattern, Tokens: rule.Tokens})
		}
	}
	find := ruleFinder(discovered)
	return func(site Site) bool {
		rule := find(site.Pattern)
		return rule != nil && slices.Contains(rule.Tokens, site.Location) || slices.Contains(elsewhere, site.Location) && !site.Location.InJSON()
	}
}

// kinds returns claim.kinds: id_tokens get the claim too if nothing else does, or if a
// client uses them to sign in.
func (r *Report) kinds() (kinds []string, why string) {
	var access, id, idUsed bool
	for _, site := range r.Analysis.Sites {
		access = access || site.Kind == enrich.Access
		id = id || site.Kind == enrich.ID
		idUsed = idUsed || site.Kind == enrich.ID && site.Bearer
	}
	switch {
	case !access && id:
		return []string{"id"}, "All tokens that were seen are id_tokens by their names."
	case idUsed:
		return []string{"access", "id"}, "A client sent an id_token with its requests."
	}
	return nil, ""
}

// needsKeys reports whether tokens are signed with a private key, so that the sidecar needs
// keys of its own.
func (r *Report) needsKeys() bool {
	asymmetric := func(name string) bool { return !strings.HasPrefix(name, "HS") && !strings.EqualFold(name, "none") }
	return slices.ContainsFunc(r.Keys.Algorithms, asymmetric) || r.Keys.JWKS != "" || r.Keys.OIDC && !r.Keys.NeedsSecret
}

// settingOf returns refresh of a rule as the configuration has it, and "" for auto.
func settingOf(refresh proxy.Refresh) string {
	return map[proxy.Refresh]string{proxy.RefreshAlways: "always", proxy.RefreshNever: "never"}[refresh]
}
