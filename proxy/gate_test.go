package proxy_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/appservices"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// issued has the shape of a token.
var issued = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + ".eyJzdWIiOiJ1MSJ9.c2lnbmF0dXJl"

// gated returns the rule as a gate.
func gated(r proxy.Rule) proxy.Rule {
	r.Gate = true
	return r
}

// expectRefusal checks that a gate has refused a response, and that no token left.
func expectRefusal(t *testing.T, f *fixture, res *http.Response, body string) {
	t.Helper()
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 503, "urn:tokengraft:not-accepted")
	if all := fmt.Sprint(res.Header, body, res.Trailer); strings.Contains(all, issued) || res.Header.Get("Retry-After") != "" || res.Header["Set-Cookie"] != nil {
		t.Errorf("the refusal is %s, want it without a token, a cookie and Retry-After", all)
	}
	if log := f.log.String(); !strings.Contains(log, "its rule is a gate") || strings.Contains(log, issued) {
		t.Errorf("log:\n%s\nwant the refusal, and no token", log)
	}
}

// G8: a response that cannot be read to its end does not leave, even if no token is seen.
func TestGate_RefusesWhatCannotBeReadToItsEnd(t *testing.T) {
	json := `{"access_token":"` + issued + `"}`
	padded := `{"access_token":"` + issued + `","echo":"` + strings.Repeat("x", 5000) + `"}`
	for _, test := range []struct{ name, answer string }{
		{"a part", answer("HTTP/1.1 206 Partial Content\nContent-Type: application/json\nContent-Range: bytes 1-9/90", json[1:])},
		{"a part without a token", answer("HTTP/1.1 206 Partial Content\nContent-Range: bytes 0-0/1", "x")},
		{"over the limit", answer("HTTP/1.1 200 OK\nContent-Type: application/json", padded)},
		{"over the limit in chunks", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1770\r\n" + strings.Repeat("x", 6000)},
		{"over the limit once decompressed", answer("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: gzip", gzipped(padded))},
		{"over the limit without a token", answer("HTTP/1.1 200 OK\nContent-Type: image/png", strings.Repeat("x", 6000))},
		{"an unknown coding", answer("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: compress", json)},
		{"a wrong coding", answer("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: gzip", json)},
		{"an unknown coding of HTML", answer("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: x", "<p>")},
		{"events", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: " + json + "\n\n"},
		{"an upgrade", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + issued},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newFakeEnricher(enrich.OK).use(gated(rule(t, "POST /login", "json:access_token")))
			s.options = func(o *proxy.Options) { o.Limits.Body = 4 << 10 }
			f, _ := startResponding(t, test.answer, s)
			res, body := f.ask(t, strings.Replace(login, "Content-Length", "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length", 1))
			expectRefusal(t, f, res, body)
		})
	}
}

// G8: bytes decide about everything that the rule does not look at.
func TestGate_RefusesTokensThatTheRuleDoesNotName(t *testing.T) {
	for _, test := range []struct{ name, method, answer string }{
		{"another member", "POST", answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"data":{"jwt":"`+issued+`"}}`)},
		{"another media type", "POST", answer("HTTP/1.1 200 OK\nContent-Type: text/plain", `{"access_token":"`+issued+`"}`)},
		{"no media type", "POST", answer("HTTP/1.1 200 OK", `{"access_token":"`+issued+`"}`)},
		{"XML", "POST", answer("HTTP/1.1 201 Created\nContent-Type: application/xml", "<access_token>"+issued+"</access_token>")},
		{"invalid JSON", "POST", answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"access_token":"`+issued+`"`)},
		{"a compressed page", "POST", answer("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: gzip", gzipped("<p>"+issued))},
		{"a refresh token alone", "POST", answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"refresh_token":"`+issued+`"}`)},
		{"a redirect", "POST", answer("HTTP/1.1 302 Found\nLocation: https://app/#access_token="+issued, "")},
		{"a cookie", "POST", answer("HTTP/1.1 204 No Content\nSet-Cookie: session="+issued, "")},
		{"a header", "POST", answer("HTTP/1.1 200 OK\nX-Auth: "+issued, "")},
		{"a trailer", "POST", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Token\r\n\r\n2\r\n{}\r\n0\r\nX-Token: " + issued + "\r\n\r\n"},
		{"not modified", "POST", "HTTP/1.1 304 Not Modified\r\nSet-Cookie: session=" + issued + "\r\n\r\n"},
		{"the response to HEAD", "HEAD", "HTTP/1.1 302 Found\r\nLocation: https://app/#access_token=" + issued + "\r\n\r\n"},
		{"the response to HEAD at a location", "HEAD", "HTTP/1.1 200 OK\r\nX-Token: 2YotnFZFEjr1zCsicMWpAA\r\n\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, _ := startResponding(t, test.answer, newFakeEnricher(enrich.OK).use(gated(rule(t, "/login", "json:access_token", "header:X-Token"))))
			res, body := f.ask(t, test.method+login[len("POST"):])
			if test.method == "HEAD" {
				if res.StatusCode != 503 || strings.Contains(fmt.Sprint(res.Header), issued) {
					t.Errorf("got %d %q, want 503 without the token", res.StatusCode, res.Header)
				}
				return
			}
			expectRefusal(t, f, res, body)
		})
	}
}

// G8: everything that has no token, and everything that was accepted, leaves unchanged.
func TestGate_LetsOtherResponsesPass(t *testing.T) {
	for _, test := range []struct{ name, answer string }{
		{"a login page", answer("HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nSet-Cookie: csrf=1", "<form method=post><input name=user>")},
		{"a second factor", answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"mfa_required":true,"ticket":"a.b.c"}`)},
		{"a redirect to a form", answer("HTTP/1.1 303 See Other\nLocation: /login?error=1", "")},
		{"a redirect with a code", answer("HTTP/1.1 302 Found\nLocation: https://app/cb?code="+issued+"&state="+issued, "")},
		{"a redirect with a signed request", answer("HTTP/1.1 302 Found\nLocation: https://idp/authorize?client_id=c&request="+issued, "")},
		{"the client's own token", answer("HTTP/1.1 302 Found\nLocation: /next?hint="+sent, "<a href='/next?hint="+sent+"'>")},
		{"an error with a token", answer("HTTP/1.1 400 Bad Request\nContent-Type: application/json", `{"access_token":"`+issued+`"}`)},
		{"a picture", answer("HTTP/1.1 200 OK\nContent-Type: image/png\nContent-Encoding: gzip", gzipped("\x89PNG"))},
		{"nothing", "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n"},
		{"a JWE", answer("HTTP/1.1 200 OK\nSet-Cookie: s=eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..a.b.c", "")},
		{"an accepted grant with a refresh token", answer("HTTP/1.1 200 OK\nContent-Type: application/json\nSet-Cookie: r="+issued, `{"access_token":"a.b.c","refresh_token":"`+issued+`"}`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, _ := startResponding(t, test.answer, newFakeEnricher(enrich.OK).use(gated(rule(t, "POST /login", "json:access_token"))))
			res, body := f.ask(t, "POST /login?hint="+sent+" HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
			sameResponse(t, "POST", test.answer, res, body)
		})
	}
}

// sent has the shape of a token, and a client sends it.
var sent = strings.Replace(issued, "c2lnbmF0dXJl", "b3RoZXI", 1)

// G8: the reasons under which a token leaves.
func TestGate_LetsOnlyAcceptedTokensPass(t *testing.T) {
	for _, reason := range append(reasons, enrich.OK, enrich.Stale) {
		for _, policy := range []enrich.Policy{enrich.Pass, enrich.Refuse} {
			r := gated(rule(t, "POST /login", "json:access_token"))
			r.OnFailure = policy
			f, _ := startResponding(t, twoTokens, newFakeEnricher(reason).use(r))
			res, body := f.ask(t, login)
			switch reason {
			case enrich.Opaque, enrich.NotOurs, enrich.BadToken, enrich.Canceled, enrich.Unavailable:
				expectRefusal(t, f, res, body)
			case enrich.TooLarge, enrich.SignFailed:
				if policy == enrich.Refuse {
					expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 503, "urn:tokengraft:enrichment-failed")
					continue
				}
				fallthrough
			default:
				sameResponse(t, "POST", twoTokens, res, body)
			}
			if n := f.reason(t, reason); n != 1 {
				t.Errorf("%s was counted %d times, want 1", reason, n)
			}
		}
	}
}

// G1: a browser can read the refusal. Clients of App Services get its format.
func TestGate_RefusalKeepsHeadersForBrowsersAndItsFormat(t *testing.T) {
	text := answer("HTTP/1.1 200 OK\nContent-Type: application/json\nAccess-Control-Allow-Origin: https://app\nVary: Origin\nRetry-After: 5\nSet-Cookie: session=1", `{"access_token":"a.b.c"}`)
	for _, format := range []proxy.RejectionFormat{nil, appservices.Rejection} {
		r := gated(rule(t, "POST /login", "json:access_token"))
		r.Rejection = format
		f, _ := startResponding(t, text, newFakeEnricher(enrich.Unavailable).use(r))
		res, body := f.ask(t, login)
		if res.Header.Get("Access-Control-Allow-Origin") != "https://app" || res.Header.Get("Vary") != "Origin" {
			t.Errorf("header = %q, want that for browsers", res.Header)
		}
		if format == nil {
			expectRefusal(t, f, res, body)
			continue
		}
		if res.StatusCode != 503 || res.Header.Get("Content-Type") != "application/json" || !strings.Contains(body, `"error_code":"InternalServerError"`) || res.Header["Set-Cookie"] != nil || res.Header.Get("Retry-After") != "" {
			t.Errorf("got %d %q %s; want 503 in the format of App Services", res.StatusCode, res.Header, body)
		}
	}
}

// G8, G3: a rejection stays what it is.
func TestGate_LeavesRejectionsAsTheyAre(t *testing.T) {
	r := gated(rule(t, "POST /login", "json:access_token"))
	s := setup{rules: []proxy.Rule{r}, snapshot: func(s *proxy.Snapshot) { s.Enricher = rejecting{newFakeEnricher(enrich.Rejected)} }}
	f, _ := startResponding(t, twoTokens, s)
	if res, body := f.ask(t, login); res.StatusCode != 400 || !strings.Contains(body, "access_denied") {
		t.Errorf("got %d %s, want 400 access_denied", res.StatusCode, body)
	}
}

// G8: no code or refresh token is used up while no token could be accepted.
func TestGate_DoesNotForwardWhileTheSourceFails(t *testing.T) {
	mixed := gated(rule(t, "GET /authorize", "fragment:access_token"))
	mixed.Mixed = true
	f, backend := startResponding(t, answer("HTTP/1.1 200 OK", ""), setup{
		rules:    []proxy.Rule{gated(rule(t, "/login", "json:access_token")), mixed},
		snapshot: func(s *proxy.Snapshot) { s.Failing = func() bool { return true } },
	})
	res, body := f.ask(t, login)
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 503, "urn:tokengraft:documents-unavailable")
	if res.Header.Get("Retry-After") == "" || len(backend.Requests()) != 0 {
		t.Errorf("Retry-After = %q after %d requests to the backend, want it after none", res.Header.Get("Retry-After"), len(backend.Requests()))
	}
	for _, line := range []string{"OPTIONS /login", "GET /authorize"} {
		if res, _ := f.ask(t, line+" HTTP/1.1\r\nHost: h\r\n\r\n"); res.StatusCode != 200 {
			t.Errorf("%s = %d, want 200 from the backend", line, res.StatusCode)
		}
	}
}

// G8: a client cannot ask for what the gate cannot read.
func TestGate_AsksTheBackendForAWholeResponse(t *testing.T) {
	const asked = "Range: bytes=1-\r\nIf-Range: x\r\nAccept-Encoding: br\r\nAccept-Charset: utf-16\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAccept: text/event-stream\r\n"
	for _, isGate := range []bool{true, false} {
		r := rule(t, "POST /login", "json:access_token")
		r.Gate = isGate
		f, backend := startResponding(t, twoTokens, newFakeEnricher(enrich.OK).use(r))
		f.ask(t, "POST /login HTTP/1.1\r\nHost: h\r\n"+asked+"Content-Length: 0\r\n\r\n")
		got := backend.Requests()[0]
		for _, name := range []string{"Range", "If-Range", "Accept-Charset", "Upgrade"} {
			if _, ok := got.Get(name); ok == isGate {
				t.Errorf("gate %t: the backend got %s: %t, want %t", isGate, name, ok, !isGate)
			}
		}
		if coding, _ := got.Get("Accept-Encoding"); coding != "identity" {
			t.Errorf("gate %t: Accept-Encoding = %q, want identity", isGate, coding)
		}
		if accept, _ := got.Get("Accept"); accept != "text/event-stream" {
			t.Errorf("gate %t: Accept = %q, want it unchanged", isGate, accept)
		}
	}
}

// The cookies of an OpenID provider for itself are not tokens of the grant.
func TestGate_IgnoresCookiesOfAMixedRule(t *testing.T) {
	r := gated(rule(t, "/login", "fragment:access_token"))
	r.Mixed = true
	text := answer("HTTP/1.1 302 Found\nLocation: https://app/?code=1\nSet-Cookie: IDENTITY="+issued, "")
	f, _ := startResponding(t, text, newFakeEnricher(enrich.OK).use(r))
	res, body := f.ask(t, login)
	sameResponse(t, "POST", text, res, body)
}

// G8: the method that counts is the one that the backend may use.
func TestGate_CoversRequestsThatOverrideTheirMethod(t *testing.T) {
	const plain = "HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n"
	for _, test := range []struct {
		request string
		refused bool
	}{
		{"POST /login " + plain, true},
		{"GET /login " + plain, false},
		{"PUT /login " + plain, false},
		{"GET /login " + plain + "X-HTTP-Method-Override: POST\r\n", true},
		{"GET /login " + plain + "x-http-method: post\r\n", true},
		{"PUT /login " + plain + "X_Method_Override: POST\r\n", true},
		{"GET /login?_method=POST " + plain, true},
		{"GET /login?%5Fmethod=POST " + plain, true},
		{"GET /login?.method=POST " + plain, true},
		{"post /login " + plain, true},
		{"POST /change " + plain + form + "\r\n", true},
		{"POST /change " + plain, false},
		{"OPTIONS /change " + plain + "Access-Control-Request-Method: PUT\r\n", false},
		{"GET /other?_method=POST " + plain, false},
		{"GET /ungated?_method=POST " + plain, true},
		{"GET /ungated " + plain, false},
	} {
		f, _ := startResponding(t, answer("HTTP/1.1 200 OK", issued), newFakeEnricher(enrich.OK).use(
			gated(rule(t, "POST /login", "json:access_token")), gated(rule(t, "PUT /change", "json:access_token")),
			gated(rule(t, "POST /ungated", "json:access_token")), rule(t, "GET /ungated", "json:access_token"),
		))
		if res, _ := f.ask(t, test.request+"\r\n"); res.StatusCode != 200 && !test.refused || res.StatusCode != 503 && test.refused {
			t.Errorf("%q = %d, want refused %t", test.request, res.StatusCode, test.refused)
		}
	}
}

// In shadow mode nothing is changed, and no request is refused.
func TestGate_ChangesNothingInShadow(t *testing.T) {
	s := newFakeEnricher(enrich.Unavailable).use(gated(rule(t, "POST /login", "json:access_token")))
	other := s.snapshot
	s.snapshot = func(snapshot *proxy.Snapshot) {
		other(snapshot)
		snapshot.Shadow, snapshot.Failing = true, func() bool { return true }
	}
	f, backend := startResponding(t, twoTokens, s)
	for _, path := range []string{"/login", "/login;x", "/Login"} {
		res, body := f.ask(t, "POST "+path+" HTTP/1.1\r\nHost: h\r\nRange: bytes=0-1\r\nContent-Length: 0\r\n\r\n")
		sameResponse(t, "POST", twoTokens, res, body)
	}
	if requests := backend.Requests(); len(requests) != 3 || !slices.Contains(requests[0].Header, "Range: bytes=0-1") {
		t.Errorf("the backend got %d requests, want 3, unchanged", len(requests))
	}
}

func TestRules_WithAddressesHaveNoTokens(t *testing.T) {
	r := rule(t, "POST /login", "json:access_token")
	r.Addresses = locations(t, "json:at")
	if _, err := proxy.NewRules([]proxy.Rule{r}); err == nil || !strings.Contains(err.Error(), "POST /login") {
		t.Errorf("NewRules returned %v, want an error that names the rule", err)
	}
	if _, err := proxy.NewRules([]proxy.Rule{{Pattern: "GET /a", Addresses: r.Addresses, Gate: true}}); err == nil {
		t.Error("NewRules accepts a gate with Addresses, want an error")
	}
}

// The provider is decided by the escaped path, like the rule.
func TestProvider_IsNotForgedByAnEncodedSlash(t *testing.T) {
	for path, want := range map[string]string{
		"/app/my/auth/anon-user/login":               "anon-user",
		"/app/x%2Fauth%2Flocal/auth/anon-user/login": "anon-user",
		"/app/my/auth/a%2Fb/login":                   "a/b",
		"/app/my/auth/anon%2Duser/login":             "anon-user",
		"/app//my/./x/../auth/anon-user/login":       "anon-user",
		"/app/%2e%2e/auth/anon-user/login":           "anon-user",
		"/app/my/auth/ANON-user/login":               "anon-user",
		"/app/my/auth/anon-user;x/login":             "anon-user",
		"/app/my/auth/anon-user%20/login":            "anon-user",
		"/app/my/auth/anon%252Duser/login":           "anon-user",
		"/app/my/auth/x%2F..%2Fanon-user/login":      "anon-user",
	} {
		enricher := newFakeEnricher(enrich.OK)
		backend := proxytest.Start(t, proxytest.RespondWith(twoTokens))
		f := start(t, backend.URL, enricher.use(rule(t, "POST /app/{app}/auth/{provider}/login", "json:access_token")))
		f.ask(t, "POST "+path+" HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
		select {
		case g := <-enricher.grants:
			if g.Provider != want {
				t.Errorf("%s: Provider = %q, want %q", path, g.Provider, want)
			}
		default:
			t.Errorf("%s: no grant, want one of %q", path, want)
		}
	}
}
