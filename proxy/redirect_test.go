package proxy_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// The token at every location is enriched, and everything around it stays.
func TestEnriched_AtEveryLocation(t *testing.T) {
	const redirect = "HTTP/1.1 302 Found\nLocation: "
	tests := []struct{ location, head, body string }{
		{"fragment:access_token", redirect + "https://app.example.com/cb#state=a%20b&access_token=TOKEN&token_type=Bearer", ""},
		{"fragment:access_token", redirect + "myapp://cb/#/in?access_token=TOKEN", ""},
		{"fragment:_baas_ua", redirect + "/cb#_baas_state=x&_baas_ua=TOKEN$eyJyZWZyZXNo.e30.c2ln$5f1f216e82df4a7979f9da93$000000000000000000000000", ""},
		{"query:_baas_ua", "HTTP/1.1 200 OK\nX-Baas-Location: https://app.example.com/cb?_baas_ua=TOKEN$refresh$user$", ""},
		{"query:token", redirect + "/cb?x=1;2&token=TOKEN#top", ""},
		{"fragment:access_token", redirect + "/cb#access_token=TOKEN&x=1\nContent-Type: text/html", `<a href="/cb#access_token=TOKEN&amp;x=1">Found</a>`},
		{"body", "HTTP/1.1 200 OK\nContent-Type: text/plain", "TOKEN\n"},
		{"body", "HTTP/1.1 200 OK\nContent-Type: application/jwt", "TOKEN"},
		{"form:access_token", "HTTP/1.1 200 OK\nContent-Type: text/html", `<form method=post><INPUT TYPE="hidden" name='access_token' value='TOKEN'/></form>`},
		{"cookie:session", redirect + "/\nSet-Cookie: session=TOKEN; Path=/; HttpOnly", ""},
		{"header:X-Token", "HTTP/1.1 200 OK\nX-Token: Bearer TOKEN\nContent-Type: image/png", "\x89PNG"},
		{"json:a.0.t", "HTTP/1.1 200 OK\nContent-Type: application/hal+json", `{"a":[{"t":"TOKEN"}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.location, func(t *testing.T) {
			f, original := startIssuing(t, setup{rules: []proxy.Rule{refusing(rule(t, "POST /login", tt.location))}}, func(token string) string {
				return answer(strings.ReplaceAll(tt.head, "TOKEN", token), strings.ReplaceAll(tt.body, "TOKEN", token))
			})
			res, body := f.ask(t, login)
			all := fmt.Sprint(res.Header) + body
			token := findToken(t, all)
			if !f.isEnriched(t, token) || strings.Contains(all, original) {
				t.Errorf("response = %s, want an enriched token and no original", all)
			}
			want := answer(strings.ReplaceAll(tt.head, "TOKEN", token), strings.ReplaceAll(tt.body, "TOKEN", token))
			sameResponse(t, "POST", want, res, body)
		})
	}
}

// findToken returns the first token in a text.
func findToken(t *testing.T, text string) string {
	t.Helper()
	start := strings.Index(text, "eyJ")
	if start < 0 {
		t.Fatalf("found no token in %q", text)
	}
	end := strings.IndexFunc(text[start:], func(r rune) bool {
		return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.", r)
	})
	if end < 0 {
		end = len(text) - start
	}
	return text[start : start+end]
}

// H3: the limit is for the whole line. The limit of a cookie includes its name and
// attributes.
func TestBudget_LineOverTheLimitIsTooLarge(t *testing.T) {
	const enough = 4 << 10
	tests := []struct {
		name, head string
		line       int // max_header_size
		advice     string
	}{
		{"a cookie with its attributes", "HTTP/1.1 200 OK\nSet-Cookie: session=TOKEN; Path=/" + strings.Repeat("x", 3700), 1 << 20, "no setting allows a larger cookie"},
		{"a redirect", "HTTP/1.1 302 Found\nLocation: /cb?pad=" + strings.Repeat("x", 3700) + "#access_token=TOKEN", enough, "raise claim.max_header_size to 4"},
		{"a header", "HTTP/1.1 200 OK\nX-Token: TOKEN", 500, "raise claim.max_header_size to 50"},
	}
	for _, tt := range tests {
		for _, policy := range []enrich.Policy{enrich.Pass, enrich.Refuse} {
			t.Run(tt.name+" "+policy.String(), func(t *testing.T) {
				matching := rule(t, "POST /login", "cookie:session", "fragment:access_token", "header:X-Token")
				matching.OnFailure = policy
				var sent string
				f, _ := startIssuing(t, setup{
					rules:    []proxy.Rule{matching},
					snapshot: func(s *proxy.Snapshot) { s.Sizes = locate.Limits{Token: 6 << 10, Line: tt.line} },
				}, func(token string) string {
					sent = answer(strings.ReplaceAll(tt.head, "TOKEN", token), "")
					return sent
				})
				res, body := f.ask(t, login)
				if policy == enrich.Pass {
					sameResponse(t, "POST", sent, res, body)
				} else {
					expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 503, "urn:tokengraft:enrichment-failed")
				}
				if n := f.reason(t, enrich.TooLarge); n != 1 {
					t.Errorf("too_large was counted %d times, want 1", n)
				}
				if log := f.log.String(); !strings.Contains(log, tt.advice) {
					t.Errorf("log:\n%s\nwant the advice %q", log, tt.advice)
				}
			})
		}
	}
}

// H3: each of two tokens fits into the line, but both together do not.
func TestBudget_TokensInOneLineMustFitTogether(t *testing.T) {
	for _, fits := range []bool{true, false} {
		var line int
		var sent string
		backend := proxytest.Start(t, func(r *proxytest.Request) { r.Send(sent) })
		sizes := func(s *proxy.Snapshot) { s.Sizes = locate.Limits{Token: 6 << 10, Line: line} }
		// A first proxy measures how much a token grows.
		measure := start(t, backend.URL, setup{})
		original := measure.token("")
		growth := len(measure.enriched(t, original)) - len(original)
		both := 2*len(original) + len("Location: /#access_token=&other=")
		line = both + 2*growth + 64
		if !fits {
			line = both + growth + growth/2
		}
		matching := rule(t, "POST /login", "fragment:access_token", "fragment:other")
		f := start(t, backend.URL, setup{rules: []proxy.Rule{matching}, snapshot: sizes})
		sent = answer("HTTP/1.1 302 Found\nLocation: /#access_token="+f.token("")+"&other="+f.token(`,"n":1`), "")
		res, body := f.ask(t, login)
		if fits {
			if n := f.reason(t, enrich.OK); n != 2 {
				t.Errorf("%d tokens were enriched, want 2: they fit into the line", n)
			}
			continue
		}
		sameResponse(t, "POST", sent, res, body)
		if n := f.reason(t, enrich.TooLarge); n != 2 || res.StatusCode != http.StatusFound {
			t.Errorf("got %d, too_large was counted %d times; want 302 and 2", res.StatusCode, n)
		}
		size := both + 2*growth + len(`,"n":1`)*4/3
		want := fmt.Sprintf("header line Location of %d bytes with its enriched tokens, the limit is %d", size, line)
		advice := fmt.Sprintf("raise claim.max_header_size to %d or more", size)
		if log := f.log.String(); !strings.Contains(log, want) || !strings.Contains(log, advice) {
			t.Errorf("log:\n%s\nwant %q and %q", log, want, advice)
		}
	}
}
