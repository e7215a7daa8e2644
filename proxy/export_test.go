package proxy

import (
	"net/http"
	"net/url"
)

// Decode removes the content codings of a body.
func Decode(body []byte, codings string, limit int64) ([]byte, error) {
	return decode(body, contentCodings(http.Header{"Content-Encoding": {codings}}), limit)
}

// Route reports whether a request is a gate's, and whether it is refused because of the
// spelling of its path.
func (rs *Rules) Route(method, target string) (gated, refused bool) {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return false, true // net/http refuses it
	}
	rule, refused := rs.route(&http.Request{Method: method, Host: "h", URL: u, RequestURI: target})
	return rule != nil && rule.Gate, refused
}

// Gates returns the patterns of the rules that are gates, sorted.
func (rs *Rules) Gates() []string { return rs.gates.patterns }

// Find finds the rule of a request.
func (rs *Rules) Find(r *http.Request) { rs.route(r) }

// KnownNames returns how many spellings of header names a proxy remembers.
func KnownNames(p *Proxy) int { return len(p.names.table.Load().seen) }
