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
		return locate.Classification{Cause: enrich.CauseLogin, Why: locate.WhyRule, ClientCredentials: c.ClientCredentials, Client: c.Client}
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
