package sidecar

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// An UnderstoodRule is what one rule means.
type UnderstoodRule struct {
	Match     string            `json:"match"`
	Origin    string            `json:"origin"` // configuration, preset or oidc
	Tokens    []UnderstoodToken `json:"tokens"`
	Refresh   UnderstoodRefresh `json:"refresh"`
	OnFailure string            `json:"on_failure"` // pass or refuse; "" without tokens
	Gate      string            `json:"gate"`       // no, yes, or headers: only its locations
	Restore   []string          `json:"restore"`    // in its requests, besides those of any path
	Addresses []string          `json:"addresses"`
	Deletes   bool              `json:"deletes"` // its requests delete the user
}

// An UnderstoodToken is a place of tokens in the responses of a rule.
type UnderstoodToken struct {
	Location string `json:"location"`
	Kind     string `json:"kind"`     // access or id
	Claim    bool   `json:"claim"`    // whether it gets the claim
	MaxSize  int64  `json:"max_size"` // of the token in a body, else of the header line
	MaxFrom  string `json:"max_from"` // the setting that says so
}

// UnderstoodRefresh says which requests of a rule are refreshes.
type UnderstoodRefresh struct {
	// Is is yes, no, auto if the request decides, both if that is never clear, or "" for
	// a rule without tokens.
	Is  string `json:"is"`
	Why string `json:"why"`
}

// Origins of rules.
const (
	ofConfiguration = "configuration"
	ofPreset        = "preset"
	ofDiscovery     = "oidc"
)

func understoodRules(cfg *config.Config, d oidc.Discovery) []UnderstoodRule {
	origins := originsOf(cfg)
	rules := []UnderstoodRule{}
	for _, rule := range rulesOf(cfg, d) {
		u := understoodRule(cfg, rule)
		if u.Origin = origins[rule.Pattern]; u.Origin == "" {
			u.Origin = ofDiscovery
		}
		rules = append(rules, u)
	}
	return rules
}

// originsOf returns where the patterns of a configuration come from. Settings of a preset
// have the place of the setting preset.
func originsOf(cfg *config.Config) map[string]string {
	patterns, _ := cfg.PresetPatterns()
	preset := cfg.Fault("preset", nil)
	origin := func(path, pattern string) string {
		at := cfg.Fault(path, nil)
		if cfg.Preset.Name == "" || at.Line != preset.Line || at.Column != preset.Column {
			return ofConfiguration
		}
		if cfg.File() == "" && !slices.Contains(patterns, pattern) { // made in Go, so no setting has a place
			return ofConfiguration
		}
		return ofPreset
	}
	origins := map[string]string{}
	for i, rule := range cfg.Rules {
		origins[rule.Match] = origin(fmt.Sprintf("rules[%d]", i), rule.Match)
	}
	for i, rule := range cfg.Addresses {
		origins[rule.Match] = origin(fmt.Sprintf("addresses[%d]", i), rule.Match)
	}
	for i, pattern := range cfg.Deletions {
		origins[pattern] = origin(fmt.Sprintf("deletions[%d]", i), pattern)
	}
	return origins
}

func understoodRule(cfg *config.Config, rule proxy.Rule) UnderstoodRule {
	u := UnderstoodRule{
		Match: rule.Pattern, Tokens: []UnderstoodToken{}, Gate: "no", Restore: []string{},
		Addresses: texts(rule.Addresses), Deletes: rule.Deletes,
	}
	for _, location := range rule.Tokens {
		u.Tokens = append(u.Tokens, understoodToken(cfg, rule, location))
	}
	if len(rule.Tokens) > 0 {
		u.Refresh, u.OnFailure = understoodRefresh(rule), policyNames[rule.OnFailure]
	}
	switch {
	case !cfg.Live(): // nothing is refused
		if len(rule.Tokens) > 0 {
			u.OnFailure = policyNames[enrich.Pass]
		}
	case rule.GatesHeader():
		u.Gate = "headers"
	case rule.Gate:
		u.Gate = "yes"
	}
	if cfg.Restores() {
		anywhere := understoodRestore(cfg)
		at := slices.DeleteFunc(slices.Concat(rule.Tokens, rule.Restore), func(l locate.Location) bool { return !l.InRequests() })
		u.Restore = without(texts(at), slices.Concat(anywhere.Known, anywhere.At))
	}
	return u
}

var policyNames = map[enrich.Policy]string{enrich.Pass: string(config.Pass), enrich.Refuse: string(config.Refuse)}

var kindNames = map[enrich.Kind]string{enrich.Access: string(config.AccessToken), enrich.ID: string(config.IDToken)}

func understoodToken(cfg *config.Config, rule proxy.Rule, location locate.Location) UnderstoodToken {
	c := cfg.Claim
	u := UnderstoodToken{Location: location.String(), Kind: kindNames[location.Kind()]}
	u.Claim = !location.HoldsRefreshToken() && (rule.UserInfo || slices.Contains(kindsOf(c), location.Kind()))
	switch {
	case location.InBody():
		u.MaxSize, u.MaxFrom = int64(c.MaxTokenSize), "claim.max_token_size"
	case location.InCookie() && c.MaxHeaderSize > maxCookie:
		u.MaxSize, u.MaxFrom = maxCookie, "the limit of browsers for a cookie"
	default:
		u.MaxSize, u.MaxFrom = int64(c.MaxHeaderSize), "claim.max_header_size"
	}
	return u
}

// maxCookie is the largest cookie with its attributes (RFC 6265, section 6.1).
const maxCookie = 4096

func understoodRefresh(rule proxy.Rule) UnderstoodRefresh {
	switch way := wayOf(rule.Pattern, rule.Refresh); way {
	case allRefreshes:
		return UnderstoodRefresh{"yes", way}
	case allLogins:
		return UnderstoodRefresh{"no", way}
	case unclear:
		return UnderstoodRefresh{"both", way}
	case byPath:
		return UnderstoodRefresh{"auto", way + ": its last segment has refresh or renew in it"}
	default:
		return UnderstoodRefresh{"auto", way}
	}
}

// texts returns the texts of locations, each once.
func texts(locations []locate.Location) []string {
	all := []string{}
	for _, location := range locations {
		if text := location.String(); !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// without returns the texts that are not among others.
func without(all, others []string) []string {
	return slices.DeleteFunc(all, func(text string) bool { return slices.Contains(others, text) })
}

// noNil makes nil an empty list, which is [] in JSON.
func noNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// SameRules groups rules that differ in their patterns only, in the order of the first of
// each group.
func SameRules(rules []UnderstoodRule) (groups [][]UnderstoodRule) {
	same := func(a, b UnderstoodRule) bool {
		a.Match, b.Match = "", ""
		return reflect.DeepEqual(a, b)
	}
	for _, rule := range rules {
		i := slices.IndexFunc(groups, func(group []UnderstoodRule) bool { return same(group[0], rule) })
		if i < 0 {
			i, groups = len(groups), append(groups, nil)
		}
		groups[i] = append(groups[i], rule)
	}
	return groups
}
