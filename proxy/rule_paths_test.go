package proxy_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/tokengraft/tokengraft/proxy"
)

var pathPatterns = []string{
	"POST /login", "/oauth/token", "/oauth/{provider}/callback", "GET /below/", "example.com/host/x", "/exact/{$}",
	"/a/b/c/d", "/a/b/{rest...}", "/esc%20aped/x", "/{$}", "DELETE /x.y/~z",
}

// FuzzRules_MatchWhatTheMuxMatches compares the tree of paths with [http.ServeMux]: it never
// says that no rule matches where the mux finds one.
func FuzzRules_MatchWhatTheMuxMatches(f *testing.F) {
	all := []proxy.Rule{}
	for _, pattern := range pathPatterns {
		all = append(all, proxy.Rule{Pattern: pattern})
	}
	rules, err := proxy.NewRules(all)
	if err != nil {
		f.Fatal(err)
	}
	for _, target := range []string{
		"/", "/login", "/login/", "//login", "/x/../login", "/log%69n", "/oauth/token", "/oauth/x/callback", "/oauth//callback", "/below", "/below/x/y",
		"/host/x", "/exact", "/exact/", "/exact/x", "/a/b", "/a/b/c", "/a/b/c/d", "/a/b/c/d/e", "/esc%20aped/x", "/esc aped/x", "/x.y/~z", "/.x", "/a/./b/c", "/other", "/a",
	} {
		for _, method := range []string{"GET", "POST", "CONNECT"} {
			f.Add(method, target)
		}
	}
	f.Fuzz(func(t *testing.T, method, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Host != "" {
			return
		}
		for _, host := range []string{"h", "example.com"} {
			may, matches := rules.MayMatch(&http.Request{Method: method, Host: host, URL: u})
			if matches && !may {
				t.Errorf("%s %s at %s: the mux finds a rule, and the tree of paths says that none matches", method, target, host)
			}
		}
	})
}

func TestRules_SayAtOnceThatNoneMatches(t *testing.T) {
	all := []proxy.Rule{}
	for _, pattern := range pathPatterns {
		all = append(all, proxy.Rule{Pattern: pattern})
	}
	rules, err := proxy.NewRules(all)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"/api/v1/users": false, "/loginx": false, "/login/x": false, "/a": false, "/a/c": false, "/host/y": false,
		"/login": true, "/oauth/x/callback": true, "/below": true, "/below/x": true, "/a/b/x": true, "/api/a b": true,
	} {
		r := &http.Request{Method: "POST", Host: "h", URL: &url.URL{Path: path}}
		if may, _ := rules.MayMatch(r); may != want {
			t.Errorf("a rule may match %s = %t, want %t", path, may, want)
		}
	}
}
