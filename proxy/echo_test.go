package proxy_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// C1: a client chooses the address that the backend redirects to, and could put a broken
// token into it.
func TestEcho_BrokenTokenOfTheClientBlocksNothing(t *testing.T) {
	const broken = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.x"
	target := "https://app/cb?access_token=" + broken
	twice := url.QueryEscape(url.QueryEscape(target))
	encoded := strings.ReplaceAll(url.QueryEscape(target), "eyJ", "%65yJ")
	for _, tt := range []struct {
		name, request string
		want          enrich.Reason
	}{
		{"query", "GET /authorize?redirect_uri=" + target + " HTTP/1.1\r\nHost: h\r\n\r\n", enrich.OK},
		{"query, encoded", "GET /authorize?redirect_uri=" + encoded + " HTTP/1.1\r\nHost: h\r\n\r\n", enrich.OK},
		{"query, encoded twice", "GET /authorize?continue=" + twice + " HTTP/1.1\r\nHost: h\r\n\r\n", enrich.OK},
		{"query with an invalid escape", "GET /authorize?x=%zz&redirect_uri=" + encoded + " HTTP/1.1\r\nHost: h\r\n\r\n", enrich.OK},
		{"path", "GET /authorize/" + broken + " HTTP/1.1\r\nHost: h\r\n\r\n", enrich.OK},
		{"form", request("GET", "/authorize", []string{form}, "redirect_uri="+encoded), enrich.OK},
		{"JSON", request("GET", "/authorize", []string{jsonBody}, `{"redirect_uri":"`+target+`"}`), enrich.OK},
		{"not in the request", "GET /authorize HTTP/1.1\r\nHost: h\r\n\r\n", enrich.BadToken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var sent string
			backend := proxytest.Start(t, func(r *proxytest.Request) {
				r.ReadBody()
				r.Send(sent)
			})
			f := start(t, backend.URL, setup{rules: []proxy.Rule{rule(t, "GET /", "query:access_token", "fragment:access_token")}})
			token := f.token("")
			sent = answer("HTTP/1.1 302 Found\nLocation: "+target+"#access_token="+token, "")
			res, _ := f.ask(t, tt.request)
			location := res.Header.Get("Location")
			if !strings.HasPrefix(location, target+"#") {
				t.Errorf("Location %s, want the client's own token unchanged", location)
			}
			if enriched := !strings.HasSuffix(location, token); enriched != (tt.want == enrich.OK) || f.reason(t, tt.want) == 0 {
				t.Errorf("Location %s: enriched %t, want the reason %s", location, enriched, tt.want)
			}
		})
	}
}

// capturing is an Enricher that shows the grants.
type capturing struct {
	*enrich.Enricher
	grants chan enrich.Grant
}

func (c capturing) Enrich(ctx context.Context, g enrich.Grant) []enrich.Outcome {
	c.grants <- g
	return c.Enricher.Enrich(ctx, g)
}

// C1, D2: an original that was restored in the request is not text of the client. While
// the JWKS cannot be fetched, a backend that repeats it would open a gate with it.
func TestEcho_IsWhatTheClientSentBeforeItWasRestored(t *testing.T) {
	backend := proxytest.Start(t, proxytest.RespondWith(loginResponse("a.b.c")))
	grants := make(chan enrich.Grant, 1)
	f := start(t, backend.URL, setup{rules: logins(t)})
	original := f.token("")
	enriched := f.enriched(t, original)
	s := &proxy.Snapshot{Rules: mustRules(t, logins(t)), Enricher: capturing{f.enricher, grants}, Restore: true, Sizes: sizes}
	if err := f.proxy.Use(s); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		request("POST", "/login", []string{form}, "token="+enriched),
		"POST /login?access_token=" + enriched + " HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
	} {
		f.ask(t, text)
		got := backend.Requests()[len(backend.Requests())-1]
		if !strings.Contains(got.Line+got.Body, original) {
			t.Fatalf("the backend got %s %s, want the original", got.Line, got.Body)
		}
		if g := <-grants; g.Echoed(original) || !g.Echoed(enriched) {
			t.Errorf("%.30s: Echoed(original) = %t, Echoed(enriched) = %t; want only the enriched token", text, g.Echoed(original), g.Echoed(enriched))
		}
	}
}

func mustRules(t testing.TB, rules []proxy.Rule) *proxy.Rules {
	t.Helper()
	rs, err := proxy.NewRules(rules)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}
