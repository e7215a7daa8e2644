package proxy_test

import (
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// restoring returns the setup of the tests of restore.
func restoring(t testing.TB) setup {
	login := rule(t, "POST /login", "json:access_token", "json:a.b", "cookie:session", "header:X-Token")
	login.Restore = locations(t, "json:deep.token", "query:t", "form:t")
	return setup{rules: []proxy.Rule{login}}
}

// request returns the text of a request.
func request(method, target string, lines []string, body string) string {
	text := method + " " + target + " HTTP/1.1\r\nHost: h\r\n"
	for _, line := range lines {
		text += line + "\r\n"
	}
	if body != "" {
		text += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	return text + "\r\n" + body
}

// D1.
func TestRestore_ReachesTheBackendByteForByte(t *testing.T) {
	tests := []struct {
		location, name, method, target string
		lines                          []string
		body                           string
	}{
		{"authorization", "Bearer", "GET", "/userinfo", []string{"Authorization: Bearer TOKEN"}, ""},
		{"authorization", "any scheme", "GET", "/userinfo", []string{"Authorization: JWT   TOKEN"}, ""},
		{"authorization", "no scheme", "GET", "/userinfo", []string{"Authorization: TOKEN"}, ""},
		{"cookie:session", "the rule's cookie on any path", "GET", "/userinfo", []string{"Cookie: a=1;session=TOKEN; b=2", "Cookie: c=3"}, ""},
		{"cookie", "another cookie", "GET", "/userinfo", []string{"Cookie: x=TOKEN"}, ""},
		{"header:X-Token", "the rule's header on any path", "GET", "/userinfo", []string{"X-Token: TOKEN"}, ""},
		{"query:access_token", "query", "GET", "/userinfo?a=%zz;&access_token=TOKEN&b", nil, ""},
		{"query:id_token_hint", "logout", "GET", "/logout?id_token_hint=TOKEN", nil, ""},
		{"form:token", "introspection", "POST", "/introspect", []string{form}, "a=%zz&token=TOKEN&token_type_hint=access_token&;"},
		{"form:subject_token", "token exchange", "POST", "/token", []string{form}, "subject_token=TOKEN&x= +"},
		{"form:actor_token", "token exchange", "POST", "/token", []string{form}, "actor_token=TOKEN"},
		{"form:claim_token", "UMA", "POST", "/token", []string{form}, "claim_token=TOKEN&claim_token_format=jwt"},
		{"form:rpt", "UMA", "POST", "/token", []string{form}, "rpt=TOKEN"},
		{"form:login_hint_token", "CIBA", "POST", "/bc-authorize", []string{form}, "login_hint_token=TOKEN"},
		{"form:assertion", "a form with an invalid media type parameter", "POST", "/token", []string{form + "; charset=x; charset=y"}, "assertion=TOKEN"},
		{"json:access_token", "JSON of the rule's locations", "POST", "/login", []string{jsonBody + "; charset=utf-8"}, `{ "n":1.0, "access_token" : "TOKEN" }` + "\n"},
		{"json:deep.token", "JSON of restore", "POST", "/login", []string{jsonBody + "; charset=utf-8"}, `{"deep":{"token":"TOKEN"}}`},
		{"query:t", "query of restore", "POST", "/login?t=TOKEN", nil, ""},
		{"form:t", "form of restore", "POST", "/login", []string{form}, "t=TOKEN"},
	}
	for _, tt := range tests {
		t.Run(tt.location+" "+tt.name, func(t *testing.T) {
			f, backend := startResponding(t, noContent, restoring(t))
			original := f.token("")
			for _, token := range []string{f.enriched(t, original), original} {
				with := func(s string) string { return strings.ReplaceAll(s, "TOKEN", token) }
				var lines []string
				for _, line := range tt.lines {
					lines = append(lines, with(line))
				}
				f.ask(t, request(tt.method, with(tt.target), lines, with(tt.body)))
			}
			got, want := backend.Requests()[0], backend.Requests()[1]
			if got.Line != want.Line || got.Body != want.Body || strings.Join(got.Header, "\n") != strings.Join(want.Header, "\n") {
				t.Errorf("the backend got %q\n%q\n%q\nwant %q\n%q\n%q", got.Line, got.Header, got.Body, want.Line, want.Header, want.Body)
			}
			if !strings.Contains(got.Line+strings.Join(got.Header, "")+got.Body, original) {
				t.Errorf("the backend got %q\n%q\n%q\nwant the original %s in it", got.Line, got.Header, got.Body, original)
			}
			if n := f.counted(t, "tokengraft.restored", attribute.String("location", tt.location)); n != 1 {
				t.Errorf("restored tokens at %s = %d, want 1", tt.location, n)
			}
		})
	}
}

// D1: nothing else in the request changes.
func TestRestore_LeavesOtherTextUnchanged(t *testing.T) {
	f, backend := startResponding(t, noContent, func() setup {
		s := restoring(t)
		s.options = func(o *proxy.Options) { o.Limits.Body = 4000 }
		return s
	}())
	enriched := f.enriched(t, f.token(""))
	tampered := enriched[:len(enriched)-4] + "AAAA"
	tests := []struct {
		name, method, target string
		lines                []string
		body                 string
	}{
		{"a tampered token", "GET", "/", []string{"Authorization: Bearer " + tampered}, ""},
		{"a stripped signature", "GET", "/", []string{"Authorization: Bearer " + enriched[:strings.LastIndexByte(enriched, '.')+1]}, ""},
		{"a field that is not for tokens", "POST", "/", []string{form}, "comment=" + enriched},
		{"JSON without a rule", "POST", "/other", []string{jsonBody}, `{"access_token":"` + enriched + `"}`},
		{"a query parameter that is not for tokens", "GET", "/?comment=" + enriched, nil, ""},
		{"a compressed form", "POST", "/", []string{form, "Content-Encoding: gzip"}, "token=" + enriched},
		{"a form over the limit", "POST", "/", []string{form}, "pad=" + strings.Repeat("x", 5000) + "&token=" + enriched},
		{"a refresh token", "POST", "/login", []string{form}, "refresh_token=" + enriched},
	}
	for i, tt := range tests {
		f.ask(t, request(tt.method, tt.target, tt.lines, tt.body))
		got := backend.Requests()[i]
		if got.Line != tt.method+" "+tt.target+" HTTP/1.1" || got.Body != tt.body {
			t.Errorf("%s: the backend got %q with body %q, want %s %s with %q", tt.name, got.Line, got.Body, tt.method, tt.target, tt.body)
		}
		for _, line := range tt.lines {
			if name, value, _ := strings.Cut(line, ": "); !has(got.Get(name))(value) {
				t.Errorf("%s: the backend got the header %q, want %q in it", tt.name, got.Header, line)
			}
		}
	}
}

// has returns a function that compares a header value, if the header exists.
func has(got string, ok bool) func(want string) bool {
	return func(want string) bool { return ok && got == want }
}

// D2: the response to TRACE repeats the request, so it would show the original to the
// client.
func TestRestore_SkipsTRACE(t *testing.T) {
	f, backend := startResponding(t, noContent, restoring(t))
	enriched := f.enriched(t, f.token(""))
	f.ask(t, request("TRACE", "/", []string{"Authorization: Bearer " + enriched}, ""))
	if got, _ := backend.Requests()[0].Get("Authorization"); got != "Bearer "+enriched {
		t.Errorf("the backend got Authorization: %q, want the enriched token %q", got, enriched)
	}
}

// D1.
func TestRestore_ChunkedFormStaysChunked(t *testing.T) {
	f, backend := startResponding(t, noContent, restoring(t))
	original := f.token("")
	for _, token := range []string{f.enriched(t, original), original} {
		body := "token=" + token
		f.ask(t, "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"+
			fmt.Sprintf("3\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", body[:3], len(body)-3, body[3:]))
	}
	want := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len("token="+original), "token="+original)
	for _, r := range backend.Requests() {
		if _, announced := r.Get("Content-Length"); announced || r.Body != want {
			t.Errorf("the backend got header %q, body %q; want no Content-Length and %q", r.Header, r.Body, want)
		}
	}
}

// A form over limits.body streams through.
func TestRestore_LargeFormStreams(t *testing.T) {
	arrived := make(chan string)
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		arrived <- r.Receive(3)
		arrived <- r.Receive(17)
		r.Send(noContent)
	})
	s := restoring(t)
	s.options = func(o *proxy.Options) { o.Limits.Body = 10 }
	f := start(t, backend.URL, s)
	w := f.dial(t)
	w.send("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 20\r\n\r\nabc")
	if got := <-arrived; got != "abc" {
		t.Errorf("the backend got %q first, want \"abc\"", got)
	}
	w.send("defghijklmnopqrst")
	if got := <-arrived; got != "defghijklmnopqrst" {
		t.Errorf("the backend got %q second, want \"defghijklmnopqrst\"", got)
	}
	if res := w.receive("POST"); res.StatusCode != 204 {
		t.Errorf("got %d, want 204", res.StatusCode)
	}
}

func TestRestore_CanBeOff(t *testing.T) {
	s := restoring(t)
	s.snapshot = func(snapshot *proxy.Snapshot) { snapshot.Restore = false }
	f, backend := startResponding(t, noContent, s)
	enriched := f.enriched(t, f.token(""))
	f.ask(t, request("GET", "/?access_token="+enriched, []string{"Authorization: Bearer " + enriched}, ""))
	r := backend.Requests()[0]
	if got, _ := r.Get("Authorization"); got != "Bearer "+enriched || !strings.Contains(r.Line, enriched) {
		t.Errorf("the backend got %q with Authorization: %q, want the enriched token in both", r.Line, got)
	}
}

// B4: of a request's tokens only 8 different ones are tried. Tokens that cannot be enriched
// ones and repeats do not count. Real requests have only a few tokens.
func TestRestore_TriesEightDifferentTokens(t *testing.T) {
	f, backend := startResponding(t, noContent, restoring(t))
	original := f.token("")
	enriched := f.enriched(t, original)
	fields := func(n int, token func(i int) string) (body string) {
		for i := range n {
			body += "token=" + token(i) + "&"
		}
		return body
	}
	forged := func(i int) string {
		return enrichtest.EncodeSegment(`{"alg":"ES256"}`) + "." + enrichtest.EncodeSegment(fmt.Sprintf(`{"n":%d,"tgr":"Ag%040d"}`, i, i)) + ".AAAA"
	}
	for i, tt := range []struct {
		name, before string
		restored     bool
	}{
		{"7 forged tokens", fields(7, forged), true},
		{"8 forged tokens", fields(8, forged), false},
		{"one forged token 1,000 times", fields(1000, func(int) string { return forged(0) }), true},
		{"1,000 tokens of other services", fields(1000, func(i int) string { return f.token(fmt.Sprintf(`,"n":%d`, i)) }), true},
	} {
		body := tt.before + "token=" + enriched + "&token=" + enriched
		f.ask(t, request("POST", "/revoke", []string{form}, body))
		want := body
		if tt.restored {
			want = strings.ReplaceAll(body, enriched, original)
		}
		if got := backend.Requests()[i].Body; got != want {
			t.Errorf("after %s: the backend got …%s, want …%s", tt.name, got[max(0, len(got)-3*len(original)):], want[max(0, len(want)-3*len(original)):])
		}
	}
}
