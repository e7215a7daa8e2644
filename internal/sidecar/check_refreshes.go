package sidecar

import (
	"fmt"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// Ways to tell the logins of a rule from its refreshes, in the order of the report.
const (
	allLogins    = "every request is a login"
	allRefreshes = "every request is a refresh"
	byPath       = "every request without a credential is a refresh, because the path says so"
	byOpenPath   = "logins and refreshes are distinguished by grant_type in the body, or else by refresh or renew in the last segment of the path, or by a refresh token in a field or a cookie"
	byRequest    = "logins and refreshes are distinguished by grant_type in the body, or else by a refresh token in a field or a cookie"
	unclear      = "every request counts as both a login and a refresh, because backends could route the path differently"
)

// refreshes says for each rule how its logins and refreshes are distinguished.
func (k *checker) refreshes() {
	patterns := map[string][]string{}
	for i, rule := range k.cfg.Rules {
		if len(rule.Tokens) == 0 {
			continue
		}
		way := wayOf(rule.Match, refreshes[rule.Refresh])
		patterns[way] = append(patterns[way], rule.Match)
		if way == unclear {
			k.warn(fmt.Sprintf("rules[%d].refresh", i), "%s; set it to always or never", unclear)
		}
	}
	if k.cfg.OIDC.Enabled {
		patterns[byRequest] = append(patterns[byRequest], "the token endpoint")
	}
	for _, way := range []string{allLogins, allRefreshes, byPath, byOpenPath, byRequest} {
		if of := patterns[way]; len(of) > 0 {
			k.ok("%s: %s", strings.Join(of, ", "), way)
		}
	}
}

// wayOf returns how the logins and refreshes of a rule are distinguished.
func wayOf(pattern string, setting proxy.Refresh) string {
	switch setting {
	case proxy.RefreshAlways:
		return allRefreshes
	case proxy.RefreshNever:
		return allLogins
	}
	_, path, _ := strings.Cut(pattern, "/")
	if path == "" || strings.HasSuffix(path, "/") || strings.HasSuffix(path, "}") && !strings.HasSuffix(path, "{$}") {
		return byOpenPath // the last segment is that of each request
	}
	switch (locate.Request{Path: "/" + strings.TrimSuffix(path, "{$}")}).Classify().Cause {
	case enrich.CauseRefresh:
		return byPath
	case enrich.CauseUnknown:
		return unclear
	}
	return byRequest
}
