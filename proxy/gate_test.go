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
		{"the charset of the C locale", answer("HTTP/1.1 200 OK\nContent-Type: text/html; charset=ANSI_X3.4-1968", "<p>code sent")},
		{"a charset instead of a coding", answer("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: utf-8", `{"mfa":true}`)},
		{"a failed login that deletes the cookie", answer("HTTP/1.1 302 Found\nLocation: /login?error\nSet-Cookie: session=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0; path=/", "")},
		{"one that deletes it with Max-Age alone", answer("HTTP/1.1 302 Found\nLocation: /login?error\nSet-Cookie: session=none; Max-Age=0", "")},
		{"cookies of Laravel and Django", answer("HTTP/1.1 302 Found\nLocation: /mfa\nSet-Cookie: XSRF-TOKEN="+asBase64(`{"iv":"a","value":"b","mac":"c","tag":""}`)+"%3D\nSet-Cookie: messages="+asBase64(`[["__json_message",0,25,"You are signed out"]]`)+":1a:b", "")},
		{"a signed answer with a detached payload", answer("HTTP/1.1 200 OK\nContent-Type: application/json\nX-JWS-Signature: "+asBase64(`{"alg":"PS256","crit":["b64"],"b64":false}`)+"..c2ln", `{"mfa":true}`)},
		{"nothing", "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n"},
		{"a JWE", answer("HTTP/1.1 200 OK\nSet-Cookie: s=eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..a.b.c", "")},
		{"an accepted grant with a refresh token", answer("HTTP/1.1 200 OK\nContent-Type: application/json\nSet-Cookie: r="+issued, `{"access_token":"a.b.c","refresh_token":"`+issued+`"}`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, _ := startResponding(t, test.answer, newFakeEnricher(enrich.OK).use(gated(rule(t, "POST /login", "json:access_token", "cookie:session"))))
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

// The cookies of an OpenID provider for itself are not tokens of the grant.
func TestGate_IgnoresCookiesOfAMixedRule(t *testing.T) {
	r := gated(rule(t, "/login", "fragment:access_token"))
	r.Mixed = true
	text := answer("HTTP/1.1 302 Found\nLocation: https://app/?code=1\nSet-Cookie: IDENTITY="+issued, "")
	f, _ := startResponding(t, text, newFakeEnricher(enrich.OK).use(r))
	res, body := f.ask(t, login)
	sameResponse(t, "POST", text, res, body)
}

// A2: these cookies stay, also if the grant is enriched and one of them repeats its token.
func TestGate_KeepsCookiesOfAMixedRule(t *testing.T) {
	r := gated(rule(t, "/login", "fragment:access_token"))
	r.Mixed = true
	var text string
	backend := proxytest.Start(t, func(request *proxytest.Request) {
		request.ReadBody()
		request.Send(text)
	})
	f := start(t, backend.URL, setup{rules: []proxy.Rule{r}})
	for _, cookie := range []string{"IDENTITY=1", "last=" + f.token("")} {
		text = answer("HTTP/1.1 302 Found\nLocation: https://app/#access_token="+f.token("")+"\nSet-Cookie: "+cookie, "")
		res, _ := f.ask(t, login)
		_, token, _ := strings.Cut(res.Header.Get("Location"), "access_token=")
		name, _, _ := strings.Cut(cookie, "=")
		if !f.isEnriched(t, token) || !strings.HasPrefix(res.Header.Get("Set-Cookie"), name+"=") {
			t.Errorf("got %d %q, want an enriched token and the cookie %s", res.StatusCode, res.Header, name)
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
