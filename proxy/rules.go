package proxy

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// Rules find the rule of a request. [NewRules] makes them.
type Rules struct {
	mux       *http.ServeMux
	byPattern map[string]*Rule
	// anywhere are the headers and cookies that rules issue tokens in. Clients send
	// them to every path.
	anywhere []locate.Location
}

// NewRules returns the rules. The error names a pattern that is invalid, or two
// that conflict by the rules of [http.ServeMux].
func NewRules(rules []Rule) (_ *Rules, err error) {
	defer func() {
		// ServeMux reports a bad pattern only by a panic.
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%v", fault)
		}
	}()
	rs := &Rules{mux: http.NewServeMux(), byPattern: map[string]*Rule{}}
	for _, rule := range rules {
		rs.mux.Handle(rule.Pattern, http.NotFoundHandler())
		rule.labels = newRuleLabels(rule.Pattern)
		rs.byPattern[rule.Pattern] = &rule
		for _, location := range rule.Tokens {
			if location.InHeader() && !slices.Contains(rs.anywhere, location) {
				rs.anywhere = append(rs.anywhere, location)
			}
		}
	}
	return rs, nil
}

// match returns the rule of a request, and nil if there is none. The mux is only
// for lookup: its handlers would redirect paths with // or .. in them, but the
// backend must see each path as the client sent it.
func (rs *Rules) match(r *http.Request) *Rule {
	if rs == nil {
		return nil
	}
	_, pattern := rs.mux.Handler(r)
	if strings.HasSuffix(pattern, r.URL.Path+"/") {
		return nil // the mux would redirect from /a to /a/, which is another path
	}
	return rs.byPattern[pattern]
}

// all returns the rules by their patterns.
func (rs *Rules) all() map[string]*Rule {
	if rs == nil {
		return nil
	}
	return rs.byPattern
}

// find returns the first rule that has a property, and nil if none has.
func (rs *Rules) find(has func(*Rule) bool) *Rule {
	all := rs.all()
	for _, pattern := range slices.Sorted(maps.Keys(all)) {
		if has(all[pattern]) {
			return all[pattern]
		}
	}
	return nil
}

// restoreLocations returns where enriched tokens can be in a request. rule is the
// one that matches it, or nil.
func (rs *Rules) restoreLocations(rule *Rule) []locate.Location {
	var locations []locate.Location
	if rs != nil {
		locations = rs.anywhere
	}
	if rule != nil {
		locations = slices.Concat(locations, rule.Tokens, rule.Restore)
	}
	return locations
}
