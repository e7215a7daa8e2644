package oidc

import (
	"path"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// Where OpenID Connect puts tokens (Core, sections 3.1.3.3, 3.2.2.5 and 3.3.2.5;
// Form Post Response Mode, section 2).
var (
	tokenAnswer         = locations("json:access_token", "json:id_token")
	authorizationAnswer = locations(
		"fragment:access_token", "fragment:id_token",
		"query:access_token", "query:id_token",
		"form:access_token", "form:id_token",
	)
	// tokenRequest are the fields of a token exchange (RFC 8693, section 2.1) and
	// of an assertion (RFC 7521, section 4.1) for backends that take them as JSON,
	// too. As form fields they are restored on every path, and so are the
	// parameters of all other requests that law D1 names.
	tokenRequest = locations("json:subject_token", "json:actor_token", "json:assertion")
)

func locations(texts ...string) []locate.Location {
	all := make([]locate.Location, len(texts))
	for i, text := range texts {
		all[i] = locate.MustParse(text)
	}
	return all
}

// Rules returns rules for the backend's token and authorization endpoints. They all
// have the policy, and do not conflict with each other.
func (d Discovery) Rules(policy enrich.Policy) []proxy.Rule {
	var rules []proxy.Rule
	for _, endpoint := range []string{d.Token, d.TokenMTLS} {
		if endpoint != "" {
			rules = append(rules, proxy.Rule{
				Pattern:   "POST " + exactly(endpoint),
				Tokens:    tokenAnswer,
				OnFailure: policy,
				Restore:   tokenRequest,
			})
		}
	}
	for _, pattern := range authorizationPatterns(d.Authorization) {
		rules = append(rules, proxy.Rule{
			Pattern:   pattern,
			Tokens:    authorizationAnswer,
			Refresh:   proxy.RefreshNever,
			OnFailure: policy,
			Mixed:     true,
		})
	}
	return Merge(nil, rules)
}

// SignedUserInfo returns rules for a userinfo endpoint whose responses are tokens
// themselves (OpenID Connect Core, section 5.3.2), so that they get the claim too.
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
			Mixed:     true,
		})
	}
	return rules
}

// authorizationPatterns are the endpoint's own and those of what is below it:
// some backends send the final redirect from there, after the login page.
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

// exactly returns the path part of a pattern of [http.ServeMux] that matches the
// path and nothing below it.
func exactly(endpoint string) string {
	endpoint = cleaned(endpoint)
	if strings.HasSuffix(endpoint, "/") {
		return endpoint + "{$}"
	}
	return endpoint
}

// cleaned returns a path as [http.ServeMux] looks it up, whose patterns must be
// like that: without // and dots, and with the slash at its end if it had one.
func cleaned(endpoint string) string {
	clean := path.Clean(endpoint)
	if strings.HasSuffix(endpoint, "/") && clean != "/" {
		return clean + "/"
	}
	return clean
}
