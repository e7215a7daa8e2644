package proxy

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// gates find the gate of a request that asks for it in another way than the rule's
// pattern: by another method, or by another spelling of the path. The zero gates find
// none.
type gates struct {
	patterns []string // in the order of the rules
	methods  []string // that the patterns match
	// folded look up spellings. All rules are in them, because a more specific rule that
	// is not a gate keeps its paths. Usually one mux has all of them: more are needed if
	// patterns conflict once their case is folded.
	folded []foldedRules
}

// foldedRules have patterns that match a path of [spellings].
type foldedRules struct {
	mux   *http.ServeMux
	paths *rulePath        // of the patterns in mux
	rules map[string]*Rule // by the folded pattern
}

// newGates returns the gates among the rules.
func newGates(rules map[string]*Rule) (gates, error) {
	var g gates
	for _, pattern := range slices.Sorted(maps.Keys(rules)) {
		if rules[pattern].Gate {
			g.patterns = append(g.patterns, pattern)
			g.methods = append(g.methods, methodsOf(pattern)...)
		}
	}
	if len(g.patterns) == 0 {
		return gates{}, nil
	}
	slices.Sort(g.methods)
	g.methods = slices.Compact(g.methods)
	for _, pattern := range slices.Sorted(maps.Keys(rules)) {
		if err := g.fold(rules[pattern]); err != nil {
			return gates{}, err
		}
	}
	return g, nil
}

// methodsOf returns the methods that a pattern matches. If it matches every method, these
// are the ones that a backend could issue tokens for.
func methodsOf(pattern string) []string {
	if method := pattern[:len(pattern)-len(withoutMethod(pattern))]; method != "" {
		return []string{strings.TrimRight(method, " \t")}
	}
	return []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
}

// fold adds a rule to the first mux that has no pattern which conflicts with it.
func (g *gates) fold(rule *Rule) error {
	pattern := foldedPattern(rule.Pattern)
	for _, f := range append(g.folded, foldedRules{http.NewServeMux(), &rulePath{}, map[string]*Rule{}}) {
		if !f.add(pattern, rule) {
			continue
		}
		if len(f.rules) == 1 { // a new one
			g.folded = append(g.folded, f)
		}
		return nil
	}
	return fmt.Errorf("rule %q: its pattern cannot be compared with other spellings of a path", rule.Pattern)
}

func (f foldedRules) add(pattern string, rule *Rule) (added bool) {
	defer func() {
		if recover() != nil { // the only report of a conflict
			added = false
		}
	}()
	f.mux.Handle(pattern, http.NotFoundHandler())
	f.paths.add(pattern)
	f.rules[pattern] = rule
	return true
}

// foldedPattern returns the pattern that matches the spellings of a pattern's paths.
func foldedPattern(pattern string) string {
	method := pattern[:len(pattern)-len(withoutMethod(pattern))]
	host, path, _ := strings.Cut(withoutMethod(pattern), "/")
	folded := ""
	for i, segment := range strings.Split(path, "/") {
		last := i == strings.Count(path, "/")
		switch {
		case segment == "{$}":
		case segment == "" && last:
			folded += "/{tokengraft_below...}"
		case strings.HasPrefix(segment, "{"):
			folded += "/" + segment
		default:
			folded += foldedPath(segmentsOf(percentDecoded(segment), true))
		}
	}
	if folded == "" {
		folded = "/{$}"
	}
	return method + foldHost(host) + folded
}

// foldedPath returns the escaped path with the segments.
func foldedPath(segments []string) string {
	var b strings.Builder
	for _, segment := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(segment))
	}
	return b.String()
}

// foldHost returns a host without what DNS and servers ignore.
func foldHost(host string) string {
	name, port := strings.ToLower(host), ""
	if i := strings.LastIndexByte(name, ':'); i >= 0 && !strings.HasSuffix(name, "]") {
		name, port = name[:i], name[i:]
	}
	return strings.TrimSuffix(name, ".") + port
}

// route returns the rule of a request. It is the one that matches, or a gate that the
// backend could take the request for one of. That is ambiguous if it depends on the path,
// and not on the method alone.
func (rs *Rules) route(r *http.Request) (rule *Rule, ambiguous bool) {
	rule = rs.match(r)
	if !rs.hasGates() {
		return rule, false
	}
	if rule != nil && rule.Gate {
		// The path of another gate could make a refresh of a login.
		return rule, rs.replaced(r, []string{r.Method}, []*Rule{rule}) != nil
	}
	methods := rs.otherMethods(r)
	if gates := rs.overriding(r, methods); len(gates) > 0 {
		return gates[0], false
	}
	if gate := rs.misspelled(r, append(methods, r.Method), rule, nil); gate != nil {
		return gate, true
	}
	return rule, false
}

// otherMethods returns the methods of gates that a backend could take for the one of a
// request.
func (rs *Rules) otherMethods(r *http.Request) []string {
	if !overridesMethod(r) {
		return nil
	}
	return slices.Clone(rs.gates.methods)
}

// overriding returns the gates that match a request with one of the methods.
func (rs *Rules) overriding(r *http.Request, methods []string) (gates []*Rule) {
	if len(methods) == 0 {
		return nil
	}
	path := cleanEscaped(r.URL.EscapedPath())
	if !rs.paths.mayMatchPath(path) {
		return nil
	}
	for _, method := range methods {
		if rule := rs.match(lookup(method, r.Host, path)); rule != nil && rule.Gate && !slices.Contains(gates, rule) {
			gates = append(gates, rule)
		}
	}
	return gates
}

// overridesMethod reports whether a backend could take the method of a request for
// another: because of a header such as X-HTTP-Method-Override, a field such as _method in
// the query or in a form or JSON, or because the method is not in upper case. Names are
// compared loosely, as backends do.
func overridesMethod(r *http.Request) bool {
	if r.Method != strings.ToUpper(r.Method) {
		return true
	}
	for name := range r.Header {
		if mentionsMethod(name) && !strings.HasPrefix(name, "Access-Control-") {
			return true
		}
	}
	if r.Method == http.MethodPost && (r.Body != http.NoBody || locate.IsForm(r.Header) || locate.IsMultipart(r.Header)) {
		return true
	}
	query, err := url.QueryUnescape(r.URL.RawQuery)
	return err != nil || mentionsMethod(query)
}

func mentionsMethod(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "method") || strings.Contains(name, "verb")
}

// misspelled returns the gate of a request with one of the methods, if a lenient backend
// takes its path for one of the gate's, although the matched rule, or none, matches. It
// returns nil if there is none, or only those that are known.
func (rs *Rules) misspelled(r *http.Request, methods []string, matched *Rule, known []*Rule) *Rule {
	if matched == nil || !matched.isExactly(r.URL) {
		if gate := rs.gateAt(r.Host, methods, r.URL.EscapedPath(), known); gate != nil {
			return gate
		}
	}
	return rs.replaced(r, methods, known)
}

// replaced returns the gate whose path is in a header that replaces the path of the
// request at some backends, and nil if there is none, or only those that are known.
func (rs *Rules) replaced(r *http.Request, methods []string, known []*Rule) *Rule {
	for name, values := range r.Header {
		if !replacesPath(name) {
			continue
		}
		for _, value := range values {
			u, err := url.Parse(value)
			if err != nil {
				continue
			}
			if gate := rs.gateAt(r.Host, methods, u.EscapedPath(), known); gate != nil {
				return gate
			}
		}
	}
	return nil
}

// replacesPath reports whether a header replaces the path of a request at some backends.
func replacesPath(name string) bool {
	if len(name) != len("X-Original-Url") && len(name) != len("X-Rewrite-Url") {
		return false // the usual case
	}
	name = http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
	return name == "X-Original-Url" || name == "X-Rewrite-Url"
}

// isExactly reports whether the rule's pattern is the path of an address, without
// wildcards.
func (rule *Rule) isExactly(u *url.URL) bool {
	pattern := withoutMethod(rule.Pattern)
	return pattern[strings.IndexByte(pattern, '/'):] == u.EscapedPath() && !strings.Contains(pattern, "{") && !strings.HasSuffix(pattern, "/")
}

// gateAt returns a gate that matches a request at one of the spellings of an escaped path,
// and is not known.
func (rs *Rules) gateAt(host string, methods []string, escaped string, known []*Rule) *Rule {
	host = foldHost(host)
	for _, path := range spellings(escaped) {
		if !rs.gates.mayMatchPath(path) {
			continue
		}
		for _, method := range methods {
			if gate := rs.gates.at(lookup(method, host, path)); gate != nil && !slices.Contains(known, gate) {
				return gate
			}
		}
	}
	return nil
}

// mayMatchPath reports whether a pattern may match a folded path.
func (g gates) mayMatchPath(path string) bool {
	return slices.ContainsFunc(g.folded, func(f foldedRules) bool { return f.paths.mayMatchPath(path) })
}

// at returns the gate that matches a request for a folded path.
func (g gates) at(r *http.Request) *Rule {
	for _, folded := range g.folded {
		_, pattern := folded.mux.Handler(r)
		if rule := folded.rules[pattern]; rule != nil && rule.Gate {
			return rule
		}
	}
	return nil
}
