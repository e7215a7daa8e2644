package oidc

import (
	"path"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// The locations of tokens in OpenID Connect (Core, sections 3.1.3.3, 3.2.2.5 and
// 3.3.2.5; Form Post Response Mode, section 2).
var (
	tokenResponse         = locations("json:access_token", "json:id_token")
	authorizationResponse = locations(
		"fragment:access_token", "fragment:id_token",
		"query:access_token", "query:id_token",
		"form:access_token", "form:id_token",
	)
	// tokenRequest are the fields of a token exchange (RFC 8693, section 2.1) and of
	// an assertion (RFC 7521, section 4.1), for backends that also accept them as
	// JSON. As form fields they are restored on every path (law D1).
	tokenRequest = locations("json:subject_token", "json:actor_token", "json:assertion")
)

func locations(texts ...string) []locate.Location {
	all := make([]locate.Location, len(texts))
	for i, text := range texts {
		all[i] = locate.MustParse(text)
	}
	return all
}

// Rules returns rules for the backend's token and authorization endpoints. All of them
// have the policy. They do not conflict with each other.
func (d Discovery) Rules(policy enrich.Policy) []proxy.Rule {
	var rules []proxy.Rule
	for _, endpoint := range []string{d.Token, d.TokenMTLS} {
		if endpoint != "" {
			rules = append(rules, proxy.Rule{
				Pattern:   "POST " + exactly(endpoint),
				Tokens:    tokenResponse,
				OnFailure: policy,
				Restore:   tokenRequest,
			})
		}
	}
	for _, pattern := range authorizationPatterns(d.Authorization) {
		rules = append(rules, proxy.Rule{
			Pattern:   pattern,
			Tokens:    authorizationResponse,
			Refresh:   proxy.RefreshNever,
			OnFailure: policy,
			Mixed:     true,
		})
	}
	return Merge(nil, rules)
}

// Elsewhere is the name of the rule that [Discovery.Elsewhere] returns, in metrics and logs.
const Elsewhere = "authorization response"

// Elsewhere returns the rule for authorization responses that come from another path than
// the authorization endpoint, as those of Dex do. Without an authorization endpoint it
// returns nil. Add it after [Merge], because its pattern matches no request.
func (d Discovery) Elsewhere(policy enrich.Policy) []proxy.Rule {
	if d.Authorization == "" {
		return nil
	}
	return []proxy.Rule{{
		Pattern:   Elsewhere,
		Tokens:    authorizationResponse,
		Refresh:   proxy.RefreshNever,
		OnFailure: policy,
		Mixed:     true,
		Elsewhere: true,
	}}
}

// SignedUserInfo returns rules for a userinfo endpoint with signed responses (OpenID
// Connect Core, section 5.3.2). Such a response is a token, and the rules add the claim
// to it. Without a userinfo endpoint it returns nil.
func (d Discovery) SignedUserInfo(policy enrich.Policy) []proxy.Rule {
	if d.UserInfo == "" {
		return nil
	}
	var rules []proxy.Rule
	for _, method := range []string{"GET ", "POST "} {
		rules = append(rules, proxy.Rule{
			Pattern:   method + exactly(d.UserInfo),
			Tokens:    []locate.Location{locate.WholeBody},
			Refresh:   proxy.RefreshNever,
			OnFailure: policy,
			UserInfo:  true,
			Mixed:     true,
		})
	}
	return rules
}

// authorizationPatterns returns the patterns of the authorization endpoint and of the
// paths below it. After the login page, some backends send the final redirect from a
// path below.
func authorizationPatterns(endpoint string) []string {
	if endpoint == "" {
		return nil
	}
	patterns := []string{"GET " + exactly(endpoint), "POST " + exactly(endpoint)}
	below := strings.TrimSuffix(cleaned(endpoint), "/") + "/"
	if below == "/" {
		return patterns // every path would be below it
	}
	return append(patterns, "GET "+below, "POST "+below)
}

// exactly returns the path of a pattern of [http.ServeMux] that matches the endpoint
// and no path below it.
func exactly(endpoint string) string {
	endpoint = cleaned(endpoint)
	if strings.HasSuffix(endpoint, "/") {
		return endpoint + "{$}"
	}
	return endpoint
}

// cleaned returns a path in the form that [http.ServeMux] looks up: without // and
// dots, and with a slash at the end if there was one.
func cleaned(endpoint string) string {
	clean := path.Clean(endpoint)
	if strings.HasSuffix(endpoint, "/") && clean != "/" {
		return clean + "/"
	}
	return clean
}
