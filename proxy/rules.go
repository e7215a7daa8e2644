package proxy

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// Rules find the rule of a request.
type Rules struct {
	mux       *http.ServeMux
	byPattern map[string]*Rule
	// anywhere are the headers and cookies that tokens were issued in. Clients send
	// them to every path.
	anywhere []locate.Location
}

// NewRules returns the rules. Patterns that are invalid or conflict are an
// error.
func NewRules(rules []Rule) (_ *Rules, err error) {
	defer func() {
		// ServeMux has no other way to say it.
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

// match returns the rule of a request, nil where there is none. The mux is for
// lookup only: its handlers would redirect paths with // or .. in them, and the
// backend must see paths as they came.
func (rs *Rules) match(r *http.Request) *Rule {
	if rs == nil {
		return nil
	}
	_, pattern := rs.mux.Handler(r)
	if strings.HasSuffix(pattern, r.URL.Path+"/") {
		return nil // the mux would redirect from /a to /a/: that is another path
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

// find returns the first rule that has a property, nil where none has.
func (rs *Rules) find(has func(*Rule) bool) *Rule {
	all := rs.all()
	for _, pattern := range slices.Sorted(maps.Keys(all)) {
		if has(all[pattern]) {
			return all[pattern]
		}
	}
	return nil
}

// restoreLocations are where enriched tokens can be in a request that this rule
// matches; it may be nil.
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
