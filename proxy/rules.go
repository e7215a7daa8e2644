package proxy

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// Rules find the rule of a request. Make them with [NewRules]. A nil *Rules has no
// rules.
type Rules struct {
	mux       *http.ServeMux
	paths     rulePath // of the patterns in mux
	byPattern map[string]*Rule
	gates     gates
	elsewhere *Rule // nil if there is none
	// anywhere are the locations of tokens in headers and cookies. Clients send these
	// to every path.
	anywhere []locate.Location
}

// NewRules returns the rules. It returns an error if a pattern is invalid, if two
// patterns conflict by the rules of [http.ServeMux], if a rule has Addresses with Tokens or
// as a Gate, or if two rules are for responses Elsewhere. The error names them.
func NewRules(rules []Rule) (_ *Rules, err error) {
	defer func() {
		// ServeMux reports a bad pattern by a panic.
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%v", fault)
		}
	}()
	rs := &Rules{mux: http.NewServeMux(), byPattern: map[string]*Rule{}}
	for _, rule := range rules {
		if len(rule.Addresses) > 0 && (len(rule.Tokens) > 0 || rule.Gate) {
			return nil, fmt.Errorf("rule %q has Addresses, so its responses are not searched for tokens: move its Tokens and its Gate to another rule", rule.Pattern)
		}
		if rule.forHeadersAnywhere() {
			rule.Gate, rule.headerGate, rule.Mixed = false, rule.Gate, true
		}
		rule.labels, rule.missing = newRuleLabels(rule.Pattern), new(missing)
		if rule.Elsewhere {
			if rs.elsewhere != nil {
				return nil, fmt.Errorf("the rules %q and %q are both for responses elsewhere: remove one", rs.elsewhere.Pattern, rule.Pattern)
			}
			rs.elsewhere = &rule
			continue
		}
		rs.mux.Handle(rule.Pattern, http.NotFoundHandler())
		rs.paths.add(rule.Pattern)
		rule.route = routeOf(rule.Pattern)
		rule.providers = newProviders(rule.Pattern)
		rs.byPattern[rule.Pattern] = &rule
		for _, location := range rule.Tokens {
			if location.InHeader() && !slices.Contains(rs.anywhere, location) {
				rs.anywhere = append(rs.anywhere, location)
			}
		}
	}
	rs.gates, err = newGates(rs.byPattern)
	if rs.elsewhere != nil {
		rs.byPattern[rs.elsewhere.Pattern] = rs.elsewhere // the mux never returns its pattern
	}
	for _, rule := range rs.byPattern {
		rule.restoreAt = slices.Concat(rs.anywhere, rule.Tokens, rule.Restore)
	}
	return rs, err
}

// match returns the rule of a request, and nil if there is none. It uses the mux only
// to look up the pattern. The handlers of the mux would redirect paths that contain //
// or .., but the backend must get each path unchanged.
func (rs *Rules) match(r *http.Request) *Rule {
	if rs == nil || !rs.paths.mayMatch(r) {
		return nil
	}
	_, pattern := rs.mux.Handler(r)
	if strings.HasSuffix(pattern, r.URL.Path+"/") {
		return nil // the mux would redirect /a to /a/, but these are different paths
	}
	return rs.byPattern[pattern]
}

// forElsewhere returns the rule for responses from any path, and nil if there is none.
func (rs *Rules) forElsewhere() *Rule {
	if rs == nil {
		return nil
	}
	return rs.elsewhere
}

// hasGates reports whether a rule is a gate.
func (rs *Rules) hasGates() bool { return rs != nil && len(rs.gates.patterns) > 0 }

// all returns the rules by their patterns.
func (rs *Rules) all() map[string]*Rule {
	if rs == nil {
		return nil
	}
	return rs.byPattern
}

// find returns the first rule, in the order of patterns, that has a property. It
// returns nil if no rule has it.
func (rs *Rules) find(has func(*Rule) bool) *Rule {
	all := rs.all()
	for _, pattern := range slices.Sorted(maps.Keys(all)) {
		if has(all[pattern]) {
			return all[pattern]
		}
	}
	return nil
}
