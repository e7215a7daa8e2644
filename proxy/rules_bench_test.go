package proxy_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/tokengraft/tokengraft/proxy"
)

// BenchmarkRoute measures how long it takes to find the rule of a request, with and
// without gates.
func BenchmarkRoute(b *testing.B) {
	for _, gate := range []bool{false, true} {
		rules := []proxy.Rule{rule(b, "POST /login", "body"), rule(b, "POST /oauth/token", "body"), rule(b, "GET /app/{app}/auth/{provider}/login", "body")}
		for i := range rules {
			rules[i].Gate = gate
		}
		all, err := proxy.NewRules(rules)
		if err != nil {
			b.Fatal(err)
		}
		for _, target := range []string{"/oauth/token", "/api/v2/users/62efedca3587e6e83c0fc675/profile", "/api/users/a%20b"} {
			u, err := url.ParseRequestURI(target)
			if err != nil {
				b.Fatal(err)
			}
			header := http.Header{"Accept": {"*/*"}, "User-Agent": {"x"}, "Authorization": {"x"}, "Content-Type": {"application/json"}, "Cookie": {"a=b"}}
			r := &http.Request{Method: "POST", Host: "auth.example.com", URL: u, Header: header}
			b.Run(map[bool]string{true: "gates", false: "rules"}[gate]+target, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					all.Find(r)
				}
			})
		}
	}
}
