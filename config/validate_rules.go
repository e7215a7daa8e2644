package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/muxpattern"
	"github.com/tokengraft/tokengraft/internal/yamlbind"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// checkRules checks the rules one by one and against each other. A rule without a
// policy gets the global one.
func checkRules(c *Config, r *yamlbind.Report) {
	if len(c.Rules) == 0 && !c.OIDC.Enabled && !r.Set("preset") {
		r.Fault("rules", errors.New("is required; add at least one rule, or set oidc or preset"))
	}
	checkPatterns(c, r)
	for i := range c.Rules {
		path := fmt.Sprintf("rules[%d]", i)
		if !r.Set(path + ".on_failure") {
			c.Rules[i].OnFailure = c.OnFailure
		}
		checkGate(path, c.Rules[i], r)
		checkTokens(path+".tokens", c.Rules[i].Tokens, r)
		checkRestore(path+".restore", c.Rules[i].Restore, r)
	}
	checkRestore("restore.at", c.Restore.At, r)
	for i, rule := range c.Addresses {
		checkAddresses(fmt.Sprintf("addresses[%d].at", i), rule.At, r)
	}
}

// A pattern is the path of a setting and the pattern in it, which matches requests.
type pattern struct{ path, text string }

// checkPatterns checks the patterns of rules, addresses and deletions. A request can
// match only one of them.
func checkPatterns(c *Config, r *yamlbind.Report) {
	var patterns []pattern
	for i, rule := range c.Rules {
		patterns = append(patterns, pattern{fmt.Sprintf("rules[%d].match", i), rule.Match})
	}
	for i, rule := range c.Addresses {
		patterns = append(patterns, pattern{fmt.Sprintf("addresses[%d].match", i), rule.Match})
	}
	for i, deletion := range c.Deletions {
		patterns = append(patterns, pattern{fmt.Sprintf("deletions[%d]", i), deletion})
	}
	for i := range patterns {
		checkPattern(patterns[i], patterns[:i], r)
	}
}

// checkPattern checks a pattern, and that it does not conflict with an earlier one.
func checkPattern(p pattern, before []pattern, r *yamlbind.Report) {
	path, pattern := p.path, p.text
	if pattern == "" {
		return // reported as missing
	}
	if err := checkSpelling(pattern); err != nil {
		r.Fault(path, err)
		return
	}
	for _, earlier := range before {
		if earlier.text == "" || muxpattern.Check(earlier.text) != nil {
			continue
		}
		if muxpattern.Check(earlier.text, pattern) != nil {
			r.Fault(path, fmt.Errorf("conflicts with %s: %s", atLine(earlier.path, r), conflict(p, earlier)))
			return
		}
	}
}

// conflict says how two patterns conflict, and what to do.
func conflict(p, earlier pattern) string {
	switch {
	case p.text != earlier.text:
		return "a request could match both, and neither is more specific; change one of them"
	case strings.HasPrefix(p.path, "rules[") && strings.HasPrefix(earlier.path, "rules["):
		return "both are the same; write one rule with the tokens of both"
	}
	return "both are the same; change or remove one of them"
}

// atLine names a setting and, if it is in a file, its line.
func atLine(path string, r *yamlbind.Report) string {
	if line := r.Find(path).Line; line > 0 {
		return fmt.Sprintf("%s on line %d", path, line)
	}
	return path
}

// checkGate checks that a gate is not for requests only.
func checkGate(path string, rule Rule, r *yamlbind.Report) {
	if rule.Gate && len(rule.Tokens) == 0 && len(rule.Restore) > 0 {
		r.Fault(path+".gate", errors.New("has no effect without tokens, because the responses of a rule with restore alone are not searched; add tokens, or remove gate"))
	}
}

func checkTokens(path string, tokens []locate.Location, r *yamlbind.Report) {
	for i := range tokens {
		checkLocation(fmt.Sprintf("%s[%d]", path, i), tokens[:i+1], r)
	}
}

// restoreKinds are the kinds of locations in which tokens of a request are restored.
var restoreKinds = []string{"json", "header", "cookie", "query", "form"}

func checkRestore(path string, places []locate.Location, r *yamlbind.Report) {
	for i, location := range places {
		at := fmt.Sprintf("%s[%d]", path, i)
		checkLocation(at, places[:i+1], r)
		part, _, _ := strings.Cut(location.String(), ":")
		if !slices.Contains(restoreKinds, part) {
			r.Fault(at, fmt.Errorf("requests do not have a %s location; use %s", part, yamlbind.OneOf(restoreKinds)))
		}
	}
}

func checkAddresses(path string, places []locate.Location, r *yamlbind.Report) {
	for i, location := range places {
		at := fmt.Sprintf("%s[%d]", path, i)
		checkLocation(at, places[:i+1], r)
		if !strings.HasPrefix(location.String(), "json:") {
			r.Fault(at, errors.New("addresses are only found in JSON; use json:PATH"))
		}
	}
}

// checkLocation checks the last of some locations, and that it is not one of those
// before it.
func checkLocation(path string, locations []locate.Location, r *yamlbind.Report) {
	last := len(locations) - 1
	switch location := locations[last]; {
	case location == (locate.Location{}): // reported as wrong
	case location.HoldsRefreshToken():
		r.Fault(path, errors.New("names a refresh token, but refresh tokens are never enriched; remove it"))
	case slices.Contains(locations[:last], location):
		r.Fault(path, fmt.Errorf("%s is listed twice", location))
	}
}
