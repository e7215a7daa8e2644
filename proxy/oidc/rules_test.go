package oidc_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

func patterns(rules []proxy.Rule) []string {
	var all []string
	for _, rule := range rules {
		all = append(all, rule.Pattern)
	}
	return all
}

// matched returns the pattern of the rule that matches a request, or "".
func matched(rules []proxy.Rule, method, path string) string {
	mux := http.NewServeMux()
	for _, rule := range rules {
		mux.Handle(rule.Pattern, http.NotFoundHandler())
	}
	_, pattern := mux.Handler(httptest.NewRequest(method, "http://a.example"+path, nil))
	return pattern
}

func TestRules_MatchEveryResponseWithTokens(t *testing.T) {
	const none = ""
	tests := []struct{ backend, method, path, want string }{
		{"hydra", "POST", "/oauth2/token", "POST /oauth2/token"},
		{"hydra", "GET", "/oauth2/token", none},
		{"hydra", "GET", "/oauth2/auth?consent_verifier=x", "GET /oauth2/auth"},
		{"hydra", "GET", "/oauth2/authority", none},
		{"hydra", "POST", "/userinfo", none},
		{"zitadel", "POST", "/oauth/token", "POST /oauth/token"},
		{"zitadel", "POST", "/oauth/token/x", none},
		{"zitadel", "GET", "/auth", "GET /auth"},
		{"zitadel", "POST", "/auth", "POST /auth"},
		{"zitadel", "GET", "/auth/callback?id=1", "GET /auth/"},
		{"zitadel", "POST", "/auth/callback", "POST /auth/"},
		{"zitadel", "DELETE", "/auth", none},
		{"glewlwyd", "POST", "//api/oidc/token", "POST /api/oidc/token"},
		{"glewlwyd", "POST", "/api/oidc/token", "POST /api/oidc/token"},
		{"glewlwyd", "GET", "//api/oidc/auth", "GET /api/oidc/auth"},
	}
	for _, tt := range tests {
		d, err := oidc.Parse(captured(t, tt.backend))
		if err != nil {
			t.Fatal(err)
		}
		if got := matched(d.Rules(enrich.Pass), tt.method, tt.path); got != tt.want {
			t.Errorf("%s: %s %s matches %q, want %q", tt.backend, tt.method, tt.path, got, tt.want)
		}
	}
}

func TestRules_AcceptUnusualPaths(t *testing.T) {
	tests := []struct {
		name string
		d    oidc.Discovery
		want []string
	}{
		{"no endpoints", oidc.Discovery{}, nil},
		{"slash at the end", oidc.Discovery{Token: "/t/", Authorization: "/a/"},
			[]string{"POST /t/{$}", "GET /a/{$}", "POST /a/{$}", "GET /a/", "POST /a/"}},
		{"root has no rule for the paths below", oidc.Discovery{Authorization: "/"}, []string{"GET /{$}", "POST /{$}"}},
		{"escaped", oidc.Discovery{Token: "/a%2Fb/%7Bx%7D"}, []string{"POST /a%2Fb/%7Bx%7D"}},
		{"dots", oidc.Discovery{Token: "/a/../b/./t"}, []string{"POST /b/t"}},
		{"alias of another path", oidc.Discovery{Token: "/t", TokenMTLS: "/mtls/t"}, []string{"POST /t", "POST /mtls/t"}},
		{"alias of the same path", oidc.Discovery{Token: "/t", TokenMTLS: "/t"}, []string{"POST /t"}},
		{"token endpoint below", oidc.Discovery{Token: "/a/t", Authorization: "/a"},
			[]string{"POST /a/t", "GET /a", "POST /a", "GET /a/", "POST /a/"}},
		{"one path for both", oidc.Discovery{Token: "/x", Authorization: "/x"},
			[]string{"POST /x", "GET /x", "GET /x/", "POST /x/"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rules := tt.d.Rules(enrich.Pass)
			if got := patterns(rules); !slices.Equal(got, tt.want) {
				t.Errorf("Rules = %q, want %q", got, tt.want)
			}
			if _, err := proxy.NewRules(rules); err != nil {
				t.Errorf("NewRules(%q) = %v, want no error", tt.want, err)
			}
		})
	}
	rules := oidc.Discovery{Token: "/a%2Fb/%7Bx%7D"}.Rules(enrich.Pass)
	if got := matched(rules, "POST", "/a%2Fb/%7bx%7d"); got != "POST /a%2Fb/%7Bx%7D" {
		t.Errorf("/a%%2Fb/%%7bx%%7d matches %q, want POST /a%%2Fb/%%7Bx%%7D", got)
	}
	if got := matched(rules, "POST", "/a%2Fb/other"); got != "" {
		t.Errorf("/a%%2Fb/other matches %q, want no rule: escaped braces are not a wildcard", got)
	}
}

func TestRules_HaveTheLocationsOfOpenIDConnect(t *testing.T) {
	rules := oidc.Discovery{Token: "/t", Authorization: "/a"}.Rules(enrich.Refuse)
	const redirects = "fragment:access_token fragment:id_token query:access_token query:id_token form:access_token form:id_token"
	type places struct {
		refresh         proxy.Refresh
		tokens, restore string
	}
	tests := map[string]places{
		"POST /t":  {proxy.RefreshAuto, "json:access_token json:id_token", "json:subject_token json:actor_token json:assertion"},
		"GET /a":   {proxy.RefreshNever, redirects, ""},
		"POST /a":  {proxy.RefreshNever, redirects, ""},
		"GET /a/":  {proxy.RefreshNever, redirects, ""},
		"POST /a/": {proxy.RefreshNever, redirects, ""},
	}
	if len(rules) != len(tests) {
		t.Errorf("Rules returned %d rules, want %d", len(rules), len(tests))
	}
	for _, rule := range rules {
		got := places{rule.Refresh, words(rule.Tokens), words(rule.Restore)}
		if got != tests[rule.Pattern] || rule.OnFailure != enrich.Refuse {
			t.Errorf("rule %s: %+v, policy %v; want %+v, refuse", rule.Pattern, got, rule.OnFailure, tests[rule.Pattern])
		}
	}
}

func words(locations []locate.Location) string {
	return strings.Trim(fmt.Sprint(locations), "[]")
}

func TestMerge_ConfiguredRulesWin(t *testing.T) {
	tests := []struct{ name, configured, discovered, want string }{
		{"nothing configured", "", "POST /t", "POST /t"},
		{"nothing discovered", "POST /t", "", "POST /t"},
		{"different paths", "POST /login", "POST /t,GET /a", "POST /login,POST /t,GET /a"},
		{"same pattern", "POST /t", "POST /t,GET /a", "POST /t,GET /a"},
		{"conflict", "/a/{x}", "GET /a/,GET /a", "/a/{x},GET /a"},
		{"same path, any method", "/t", "POST /t", "/t"},
		{"same path below, any method", "/a/", "GET /a/,POST /a/", "/a/"},
		{"same path, another method", "GET /t", "POST /t", "GET /t,POST /t"},
		{"everything", "/", "POST /t", "/,POST /t"},
		{"more specific", "POST /a/callback", "POST /a/", "POST /a/callback,POST /a/"},
		{"of another host", "a.example/t", "POST /t", "a.example/t,POST /t"},
		{"two discovered rules", "", "POST /x,POST /x,POST /y", "POST /x,POST /y"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			merged := oidc.Merge(rulesOf(tt.configured, proxy.RefreshAlways), rulesOf(tt.discovered, proxy.RefreshNever))
			if got := strings.Join(patterns(merged), ","); got != tt.want {
				t.Errorf("Merge(%s; %s) = %s, want %s", tt.configured, tt.discovered, got, tt.want)
			}
			if _, err := proxy.NewRules(merged); err != nil {
				t.Errorf("NewRules(%q) = %v, want no error", patterns(merged), err)
			}
			for _, rule := range merged {
				if slices.Contains(strings.Split(tt.configured, ","), rule.Pattern) && rule.Refresh != proxy.RefreshAlways {
					t.Errorf("Merge(%s; %s) kept the discovered rule %s, want the configured one", tt.configured, tt.discovered, rule.Pattern)
				}
			}
		})
	}
}

func rulesOf(patterns string, refresh proxy.Refresh) []proxy.Rule {
	var rules []proxy.Rule
	for pattern := range strings.SplitSeq(patterns, ",") {
		if pattern != "" {
			rules = append(rules, proxy.Rule{Pattern: pattern, Refresh: refresh})
		}
	}
	return rules
}

func TestMerge_DoesNotWriteToItsArguments(t *testing.T) {
	configured := append(make([]proxy.Rule, 0, 4), proxy.Rule{Pattern: "/a"})
	oidc.Merge(configured, []proxy.Rule{{Pattern: "/b"}})
	if got := configured[:2][1].Pattern; got != "" {
		t.Errorf("Merge wrote the rule %s into the array of its argument", got)
	}
}

func TestSignedUserInfo_TakesTheWholeBodyAsAToken(t *testing.T) {
	for endpoint, want := range map[string][]string{
		"":                nil,
		"/userinfo":       {"GET /userinfo", "POST /userinfo"},
		"//api/%7Bme%7D/": {"GET /api/%7Bme%7D/{$}", "POST /api/%7Bme%7D/{$}"},
	} {
		var got []string
		rules := oidc.Discovery{UserInfo: endpoint}.SignedUserInfo(enrich.Refuse)
		for _, rule := range rules {
			got = append(got, rule.Pattern)
			if rule.OnFailure != enrich.Refuse || len(rule.Tokens) != 1 || rule.Tokens[0].String() != "body" {
				t.Errorf("rule for %q = %+v, want the location body and the policy refuse", endpoint, rule)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("patterns for the endpoint %q = %q, want %q", endpoint, got, want)
		}
		if _, err := proxy.NewRules(rules); err != nil {
			t.Errorf("NewRules(%q) = %v, want no error", got, err)
		}
	}
}

func TestElsewhere_HasTheLocationsOfTheAuthorizationEndpoint(t *testing.T) {
	if rules := (oidc.Discovery{Token: "/t"}).Elsewhere(enrich.Pass); rules != nil {
		t.Errorf("without an authorization endpoint, Elsewhere = %+v, want nil", rules)
	}
	d := oidc.Discovery{Token: "/t", Authorization: "/a"}
	rules := d.Elsewhere(enrich.Refuse)
	if len(rules) != 1 {
		t.Fatalf("Elsewhere returned %d rules, want 1", len(rules))
	}
	for _, rule := range d.Rules(enrich.Refuse) {
		if rule.Pattern == "GET /a" && words(rule.Tokens) != words(rules[0].Tokens) {
			t.Errorf("locations %v, want those of the authorization endpoint, %v", rules[0].Tokens, rule.Tokens)
		}
	}
	if got := rules[0]; !got.Elsewhere || !got.Mixed || got.Refresh != proxy.RefreshNever || got.OnFailure != enrich.Refuse {
		t.Errorf("Elsewhere = %+v, want a mixed rule for any path that refuses, never for refreshes", got)
	}
	if _, err := proxy.NewRules(append(d.Rules(enrich.Refuse), rules...)); err != nil {
		t.Errorf("NewRules: %v, want no error", err)
	}
	if _, err := proxy.NewRules(append(rules, rules...)); err == nil {
		t.Error("NewRules with two such rules: got no error, want one")
	}
}
