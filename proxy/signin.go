package proxy

import (
	"net/http"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// classify says whether a request of the rule is a login or a refresh.
func (rule *Rule) classify(request locate.Request) locate.Classification {
	switch rule.Refresh {
	case RefreshAlways:
		return locate.Classification{Cause: enrich.CauseRefresh, Why: locate.WhyRule}
	case RefreshNever:
		c := request.Classify() // only for ClientCredentials
		return locate.Classification{Cause: enrich.CauseLogin, Why: locate.WhyRule, ClientCredentials: c.ClientCredentials}
	}
	return request.Classify()
}

// forwardedPath returns the path of a request as the backend gets it: see [keepPath].
func forwardedPath(r *http.Request) string {
	if path, _, _ := strings.Cut(r.RequestURI, "?"); strings.HasPrefix(path, "/") {
		return path
	}
	return r.URL.EscapedPath()
}

// contentCodings returns the content codings of a body that must be removed before it
// can be read. identity is none (RFC 9110, section 8.4.1).
func contentCodings(h http.Header) (codings []string) {
	for _, line := range h["Content-Encoding"] {
		for coding := range strings.SplitSeq(line, ",") {
			if coding = strings.TrimSpace(coding); coding != "" && !strings.EqualFold(coding, "identity") {
				codings = append(codings, coding)
			}
		}
	}
	return codings
}
