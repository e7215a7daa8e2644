package proxy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// redirecting starts a backend that redirects to another path with the same query, also
// in the text of its page.
func redirecting(t testing.TB, s setup) *fixture {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		_, query, _ := strings.Cut(strings.TrimSuffix(r.Line, " HTTP/1.1"), "?")
		r.Send(answer("HTTP/1.1 302 Found\nContent-Type: text/html\nLocation: /login/?"+query, `<a href="/login/?`+query+`">Found</a>`))
	})
	return start(t, backend.URL, s)
}

// D2: a backend that repeats the query in the address of a redirect repeats the original.
// The client gets the token that it sent.
func TestRestore_RedirectHasTheTokenThatTheClientSent(t *testing.T) {
	header := restoringAt(t)
	header.rules = anywhere(t)
	ends := restoringAt(t)
	ends.rules = elsewhere(t)
	for name, s := range map[string]setup{"": restoringAt(t), "rule for headers": header, "rule elsewhere": ends, "shadow": inShadow(restoringAt(t))} {
		f := redirecting(t, s)
		enriched := f.enriched(t, f.token(""))
		for _, parameter := range []string{"accessToken", "id_token_hint"} {
			target := "a=1&" + parameter + "=" + enriched + "&b"
			res, _ := f.ask(t, "GET /login?"+target+" HTTP/1.1\r\nHost: h\r\n\r\n")
			if got := res.Header.Get("Location"); got != "/login/?"+target {
				t.Errorf("%s: Location: %s, want the query of the client, %s", name, got, target)
			}
		}
	}
}

// G8: such a redirect passes a gate, and has no original in its page either.
func TestRestore_RedirectPassesAGateWithTheTokenThatTheClientSent(t *testing.T) {
	f := redirecting(t, setup{rules: []proxy.Rule{gated(rule(t, "GET /authorize", "query:access_token", "fragment:id_token"))}})
	original := f.token("")
	enriched := f.enriched(t, original)
	res, body := f.ask(t, "GET /authorize?prompt=none&id_token_hint="+enriched+" HTTP/1.1\r\nHost: h\r\n\r\n")
	if all := fmt.Sprint(res.Header, body); res.StatusCode != 302 || strings.Contains(all, original) || strings.Count(all, enriched) != 2 {
		t.Errorf("the client got %s %s, want the redirect with the token that it sent, twice", res.Status, all)
	}
	if n := f.reason(t, enrich.OK); n != 0 {
		t.Errorf("ok was counted %d times, want 0", n)
	}
}
