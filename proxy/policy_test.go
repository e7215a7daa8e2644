package proxy_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

var reasons = []enrich.Reason{
	enrich.NoDocument, enrich.Opaque, enrich.NotOurs, enrich.BadToken, enrich.KeyBound, enrich.Canceled,
	enrich.TooLarge, enrich.Unavailable, enrich.SignFailed,
}

// G1.
func TestPass_ForwardsTheBackendsResponse(t *testing.T) {
	for _, reason := range reasons {
		f, _ := startResponding(t, twoTokens, newFakeEnricher(reason).use(rule(t, "POST /login", "json:access_token")))
		res, body := f.ask(t, login)
		sameResponse(t, "POST", twoTokens, res, body)
		if n := f.reason(t, reason); n != 1 {
			t.Errorf("%s was counted %d times, want 1", reason, n)
		}
	}
}

// G1: refuse answers 503 for unavailable, too_large and sign_failed. A response with any
// other reason is forwarded.
func TestRefuse_Is503OnlyForAFailure(t *testing.T) {
	for _, reason := range reasons {
		f, _ := startResponding(t, twoTokens, newFakeEnricher(reason).use(refusing(rule(t, "POST /login", "json:access_token", "json:id_token"))))
		res, body := f.ask(t, login)
		if n := f.reason(t, reason); n != 2 {
			t.Errorf("%s was counted %d times, want 2", reason, n)
		}
		switch reason {
		case enrich.TooLarge, enrich.Unavailable, enrich.SignFailed:
			expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 503, "urn:tokengraft:enrichment-failed")
		default:
			sameResponse(t, "POST", twoTokens, res, body)
		}
	}
}

// expectProblem checks an error response of the proxy.
func expectProblem(t *testing.T, status int, contentType, body string, want int, wantType string) {
	t.Helper()
	var got struct {
		Type   string
		Status int
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || contentType != "application/problem+json" || status != want || got.Status != want || got.Type != wantType {
		t.Errorf("got %d %s %q, want a problem with status %d and type %s", status, contentType, body, want, wantType)
	}
}

// G1: a refusal has no Retry-After and no token. It keeps the backend's Access-Control-*,
// Vary, and Set-Cookie lines without a token.
func TestRefuse_KeepsHeadersForBrowsersAndNoToken(t *testing.T) {
	const tokens = "Set-Cookie: session=%61.b.c; Path=/\nSet-Cookie: session=a.b.c; Path=/x\nSet-Cookie: copy=x:a.b.c\n"
	const head = "HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: gzip\nETag: \"1\"\nRetry-After: 5\nLocation: /?t=a.b.c\nX-Token: a.b.c\n" +
		"Access-Control-Allow-Origin: https://app\nAccess-Control-Allow-Credentials: true\nVary: Origin\nVary: Cookie\n" +
		tokens + "Set-Cookie: csrf=1; Secure\nSet-Cookie: copy2=a.b.cd"
	text := answer(head, gzipped(`{"access_token":"a.b.c"}`))
	f, _ := startResponding(t, text, newFakeEnricher(enrich.Unavailable).use(refusing(rule(t, "POST /login", "json:access_token", "cookie:session", "header:X-Token"))))
	res, body := f.ask(t, login)
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 503, "urn:tokengraft:enrichment-failed")
	for name := range res.Header {
		switch name {
		case "Content-Type", "Content-Length", "Date", "Cache-Control", "Vary", "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Set-Cookie":
		default:
			t.Errorf("the refusal has the header %s: %q, want it removed", name, res.Header[name])
		}
	}
	if want := []string{"csrf=1; Secure", "copy2=a.b.cd"}; !reflect.DeepEqual(res.Header["Set-Cookie"], want) {
		t.Errorf("Set-Cookie = %q, want %q", res.Header["Set-Cookie"], want)
	}
	if want := []string{"Origin", "Cookie"}; !reflect.DeepEqual(res.Header["Vary"], want) || res.Header.Get("Access-Control-Allow-Origin") != "https://app" {
		t.Errorf("header = %q, want Vary %q and Access-Control-Allow-Origin https://app", res.Header, want)
	}
}

// G1: the access token of the response is not a JWT.
func TestRefuse_KeepsNoCookieWithAnOpaqueToken(t *testing.T) {
	const cookies = "Set-Cookie: session=2YotnFZFEjr1zCsicMWpAA; Path=/\nSet-Cookie: copy=%222YotnFZFEjr1zCsicMWpAA%22\nSet-Cookie: csrf=1"
	text := answer("HTTP/1.1 200 OK\nContent-Type: application/json\n"+cookies, `{"access_token":"2YotnFZFEjr1zCsicMWpAA","id_token":"d.e.f"}`)
	f, _ := startResponding(t, text, newFakeEnricher(enrich.Unavailable).use(refusing(rule(t, "POST /login", "json:access_token", "json:id_token"))))
	if res, _ := f.ask(t, login); !reflect.DeepEqual(res.Header["Set-Cookie"], []string{"csrf=1"}) {
		t.Errorf("Set-Cookie = %q, want only csrf=1", res.Header["Set-Cookie"])
	}
}

func TestFailure_IsLoggedAtALimitedRateWithoutTheToken(t *testing.T) {
	f, _ := startResponding(t, twoTokens, newFakeEnricher(enrich.Unavailable).use(rule(t, "POST /login", "json:access_token")))
	for range 3 {
		f.ask(t, login)
	}
	log := f.log.String()
	if n := strings.Count(log, `"msg":"token not enriched"`); n != 1 || strings.Contains(log, "a.b.c") {
		t.Errorf("log has %d lines \"token not enriched\", want 1 without the token:\n%s", n, log)
	}
}

// B1.
func TestFailure_LogsTheClockOffset(t *testing.T) {
	var f *fixture
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		date := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)
		r.Send(answer("HTTP/1.1 200 OK\nContent-Type: application/json\nDate: "+date, `{"access_token":"`+f.issuer.Token(`{"sub":"u1","exp":1}`)+`"}`))
	})
	f = start(t, backend.URL, setup{rules: logins(t)})
	f.ask(t, login)
	offset := between(t, f.log.String(), `"clock_offset_seconds":`, ",")
	if seconds, err := strconv.Atoi(offset); err != nil || seconds < -3602 || seconds > -3598 {
		t.Errorf("clock_offset_seconds = %s, want about -3600", offset)
	}
}

// G3: the code or refresh token is not used up, so the client gets Retry-After.
func TestRefuse_DoesNotForwardWhileTheSourceFails(t *testing.T) {
	failing := func(s *proxy.Snapshot) { s.Failing = func() bool { return true } }
	f, backend := startResponding(t, twoTokens, setup{
		rules:    []proxy.Rule{refusing(rule(t, "POST /login", "json:access_token")), rule(t, "POST /passing", "json:access_token")},
		snapshot: failing,
	})
	res, body := f.ask(t, login)
	if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" || !strings.Contains(body, "urn:tokengraft:documents-unavailable") {
		t.Errorf("got %d, header %q, body %s; want 503, Retry-After and documents-unavailable", res.StatusCode, res.Header, body)
	}
	if got := len(backend.Requests()); got != 0 {
		t.Errorf("the backend got %d requests, want 0", got)
	}
	f.ask(t, strings.Replace(login, "/login", "/passing", 1))
	f.ask(t, strings.Replace(login, "/login", "/other", 1))
	if got := len(backend.Requests()); got != 2 {
		t.Errorf("the backend got %d requests, want 2: one of a rule that passes and one without a rule", got)
	}
}

// A CORS preflight issues no token, and a browser shows a 503 on it only as a CORS error.
// Requests of a Mixed rule do not have to issue tokens either.
func TestRefuse_ForwardsRequestsThatMayIssueNoTokens(t *testing.T) {
	mixed := refusing(rule(t, "/authorize/", "fragment:access_token"))
	mixed.Mixed = true
	f, backend := startResponding(t, answer("HTTP/1.1 200 OK", ""), setup{
		rules:    []proxy.Rule{refusing(rule(t, "/login", "json:access_token")), mixed},
		snapshot: func(s *proxy.Snapshot) { s.Failing = func() bool { return true } },
	})
	for _, line := range []string{"OPTIONS /login", "HEAD /login", "GET /authorize/page"} {
		if res, _ := f.ask(t, line+" HTTP/1.1\r\nHost: h\r\n\r\n"); res.StatusCode != 200 {
			t.Errorf("%s = %d, want 200 from the backend", line, res.StatusCode)
		}
	}
	if got := len(backend.Requests()); got != 3 {
		t.Errorf("the backend got %d requests, want 3", got)
	}
	f.ask(t, login)
	if got := f.reason(t, enrich.Unavailable); got != 1 {
		t.Errorf("unavailable was counted %d times, want 1: the refused login", got)
	}
}
