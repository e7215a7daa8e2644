package proxy_test

import (
	"bufio"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// startIssuing starts a proxy in front of a backend that issues a token. respond returns
// the text of the backend's response with the token in it.
func startIssuing(t testing.TB, s setup, respond func(token string) string) (f *fixture, token string) {
	t.Helper()
	var sent string
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.ReadBody()
		r.Send(sent)
	})
	f = start(t, backend.URL, s)
	token = f.token("")
	sent = respond(token)
	return f, token
}

// between returns the text between two texts.
func between(t testing.TB, text, before, after string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, before)
	value, _, ok2 := strings.Cut(rest, after)
	if !ok || !ok2 {
		t.Fatalf("%q does not contain %q and then %q", text, before, after)
	}
	return value
}

// A2.
func TestEnriched_ChangesOnlyTheTokenInTheBody(t *testing.T) {
	const before, after = "{ \"z\":1.0,\n\t\"a\" : 9007199254740993, \"s\":\"<&>\\u00e9\", \"access_token\" : \"", "\" ,\"n\":null, \"e\":1E400 }\n"
	f, original := startIssuing(t, setup{rules: logins(t)}, func(token string) string {
		return answer("HTTP/1.1 200 OK\nContent-Type: application/json;charset=UTF-8", before+token+after)
	})
	res, body := f.ask(t, login)
	token := between(t, body, before, after)
	if !f.isEnriched(t, token) || body != before+token+after {
		t.Errorf("body = %q, want an enriched token and no other change to %q", body, before+original+after)
	}
	if res.ContentLength != int64(len(body)) {
		t.Errorf("Content-Length = %d, want %d", res.ContentLength, len(body))
	}
	if restored, ok := f.enricher.Restore(token); !ok || restored != original {
		t.Errorf("Restore(%s) = %s, %t; want the original %s", token, restored, ok, original)
	}
}

// A2.
func TestEnriched_DropsOnlyHeadersOfTheOldBody(t *testing.T) {
	const kept = "Content-Type: application/json\nDate: yesterday\nCache-Control: no-store\nPragma: no-cache\nLast-Modified: then\nSet-Cookie: a=1; Path=/; HttpOnly; SameSite=Lax\nSet-Cookie: b=2; Domain=example.com; Secure\nSet-Cookie: a=; Max-Age=0\nVary: Origin\nX-Old: 1\nX-Old: 2"
	const dropped = "ETag: \"1\"\nDigest: sha-256=x\nContent-Digest: sha-256=:x:\nRepr-Digest: sha-256=:x:\nContent-MD5: x\nAccept-Ranges: bytes\nSignature: s=:x:\nSignature-Input: s=()"
	f, _ := startIssuing(t, setup{rules: logins(t)}, func(token string) string {
		return answer("HTTP/1.1 200 OK\n"+kept+"\n"+dropped, `{"access_token":"`+token+`"}`)
	})
	res, body := f.ask(t, login)
	if !f.isEnriched(t, between(t, body, `:"`, `"`)) {
		t.Fatalf("body = %q, want an enriched token", body)
	}
	want := http.Header{"Content-Length": {fmt.Sprint(len(body))}}
	for line := range strings.SplitSeq(kept, "\n") {
		name, value, _ := strings.Cut(line, ": ")
		want.Add(name, value)
	}
	if !reflect.DeepEqual(res.Header, want) {
		t.Errorf("got header %q\nwant      %q", res.Header, want)
	}
}

// A2: headers that describe the body stay if the body did not change.
func TestEnriched_KeepsABodyWithoutTokens(t *testing.T) {
	const kept = "Content-Type: text/html\nContent-Encoding: gzip\nETag: \"1\"\nContent-Digest: sha-256=:x:\nAccept-Ranges: bytes"
	page := gzipped("<html>signed in")
	f, _ := startIssuing(t, setup{rules: []proxy.Rule{rule(t, "POST /login", "cookie:session")}}, func(token string) string {
		return answer("HTTP/1.1 200 OK\n"+kept+"\nSignature: s=:x:\nSignature-Input: s=()\nSet-Cookie: session="+token, page)
	})
	res, body := f.ask(t, login)
	if token := findToken(t, res.Header.Get("Set-Cookie")); !f.isEnriched(t, token) {
		t.Errorf("header = %q, want an enriched token in Set-Cookie", res.Header)
	}
	res.Header.Del("Set-Cookie")
	want, _ := http.ReadResponse(bufio.NewReader(strings.NewReader(answer("HTTP/1.1 200 OK\n"+kept, page))), nil)
	if !reflect.DeepEqual(res.Header, want.Header) || body != page {
		t.Errorf("got header %q\nwant      %q\ngot body %q, want %q", res.Header, want.Header, body, page)
	}
}

// A2.
func TestEnriched_OriginalBecomesTheSameTokenEverywhere(t *testing.T) {
	matching := rule(t, "POST /login", "json:access_token", "cookie:session", "header:X-Token")
	f, original := startIssuing(t, setup{rules: []proxy.Rule{matching}}, func(token string) string {
		head := "HTTP/1.1 200 OK\nContent-Type: application/json\nX-Token: Bearer " + token + "\nSet-Cookie: other=1\nSet-Cookie: session=" + token + "; Path=/; HttpOnly\nSet-Cookie: copy=a:" + token + "; Secure"
		return answer(head, `{"access_token":"`+token+`","again":"`+token+`"}`)
	})
	res, body := f.ask(t, login)
	token := between(t, body, `"access_token":"`, `"`)
	if !f.isEnriched(t, token) {
		t.Fatalf("body = %q, want an enriched token", body)
	}
	want := http.Header{
		"Content-Type": {"application/json"}, "Content-Length": {fmt.Sprint(len(body))},
		"X-Token":    {"Bearer " + token},
		"Set-Cookie": {"other=1", "session=" + token + "; Path=/; HttpOnly", "copy=a:" + token + "; Secure"},
	}
	if !reflect.DeepEqual(res.Header, want) || strings.Contains(body, original) || strings.Count(body, token) != 2 {
		t.Errorf("got header %q\nwant      %q\nbody = %q, want the enriched token twice and no original", res.Header, want, body)
	}
	if n := f.reason(t, enrich.OK); n != 1 {
		t.Errorf("ok was counted %d times, want 1", n)
	}
}

// A2.
func TestEnriched_ChunkedResponseKeepsItsTrailers(t *testing.T) {
	for _, trailer := range []string{"", "X-Sum"} {
		f, _ := startIssuing(t, setup{rules: logins(t)}, func(token string) string {
			body := `{"access_token":"` + token + `"}`
			chunk := fmt.Sprintf("%x\r\n%s\r\n0\r\n", len(body), body)
			if trailer == "" {
				return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + "\r\n"
			}
			return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTrailer: " + trailer + "\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + trailer + ": 7\r\n\r\n"
		})
		res, body := f.ask(t, login)
		if !f.isEnriched(t, between(t, body, `:"`, `"`)) {
			t.Errorf("with trailer %q: body = %q, want an enriched token", trailer, body)
		}
		if trailer != "" && res.Trailer.Get(trailer) != "7" {
			t.Errorf("trailers = %q, want %s", slices.Collect(maps.Keys(res.Trailer)), trailer)
		}
	}
}

// A2: a trailer can have a digest of the body.
func TestEnriched_DropsTrailersOfTheOldBody(t *testing.T) {
	for _, trailers := range []string{"Content-Digest", "X-Sum, Repr-Digest, signature"} {
		f, _ := startIssuing(t, setup{rules: logins(t)}, func(token string) string {
			head := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTrailer: " + trailers + "\r\nTransfer-Encoding: chunked\r\n\r\n"
			return head + chunk(`{"access_token":"`+token+`"}`) + "0\r\n" + strings.ReplaceAll(trailers, ", ", ": x\r\n") + ": x\r\n\r\n"
		})
		res, body := f.ask(t, login)
		if !f.isEnriched(t, between(t, body, `:"`, `"`)) {
			t.Errorf("body = %q, want an enriched token", body)
		}
		delete(res.Trailer, "X-Sum")
		if len(res.Trailer) > 0 {
			t.Errorf("the backend sent the trailers %s, and the client got %q; want at most X-Sum", trailers, res.Trailer)
		}
	}
}

// A1.
func TestEnriched_ResponseIsUnchangedIfNoTokenIsEnriched(t *testing.T) {
	tests := []struct {
		reason enrich.Reason
		token  func(f *fixture) string
	}{
		{enrich.NoDocument, func(f *fixture) string { return f.issuer.Token(`{"sub":"unknown"}`) }},
		{enrich.Opaque, func(*fixture) string { return "2YotnFZFEjr1zCsicMWpAA" }},
		{enrich.BadToken, func(f *fixture) string { return f.token("") + "x" }},
		{enrich.NotOurs, func(f *fixture) string {
			return f.issuer.TokenWithHeader(`{"alg":"ES256","kid":"else"}`, `{"sub":"u1"}`)
		}},
	}
	for _, tt := range tests {
		t.Run(string(tt.reason), func(t *testing.T) {
			var sent string
			backend := proxytest.Start(t, func(r *proxytest.Request) { r.Send(sent) })
			f := start(t, backend.URL, setup{rules: []proxy.Rule{refusing(rule(t, "POST /login", "json:access_token"))}})
			sent = answer("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: gzip\nETag: \"1\"", gzipped(`{"access_token":"`+tt.token(f)+`"}`))
			res, body := f.ask(t, login)
			sameResponse(t, "POST", sent, res, body)
			if n := f.reason(t, tt.reason); n != 1 {
				t.Errorf("%s was counted %d times, want 1", tt.reason, n)
			}
		})
	}
}

// Run this test with -race.
func TestEnriched_ConcurrentLoginsGetTheirOwnTokens(t *testing.T) {
	var f *fixture
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.ReadBody()
		r.SendJSON(`{"access_token":"` + f.token(`,"jti":"`+r.Body+`"`) + `"}`)
	})
	f = start(t, backend.URL, setup{rules: logins(t)})
	done := make(chan string)
	const clients = 20
	for i := range clients {
		go func() {
			body := fmt.Sprintf("%03d", i)
			_, got := f.ask(t, "POST /login HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n"+body)
			token := between(t, got, `:"`, `"`)
			_, claims := enrichtest.DecodeToken(t, token)
			if !f.isEnriched(t, token) || !strings.Contains(claims, `"jti":"`+body+`"`) {
				done <- fmt.Sprintf("request %s got a token with the claims %s, want its own jti and the document", body, claims)
				return
			}
			done <- ""
		}()
	}
	for range clients {
		if fault := <-done; fault != "" {
			t.Error(fault)
		}
	}
}
