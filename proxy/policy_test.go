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

// G1: "pass: the backend's response, untouched".
func TestPass_GivesTheBackendsResponse(t *testing.T) {
	for _, reason := range reasons {
		f, _ := startResponding(t, twoTokens, newFakeEnricher(reason).use(rule(t, "POST /login", "json:access_token")))
		res, body := f.ask(t, login)
		sameResponse(t, "POST", twoTokens, res, body)
		if n := f.reason(t, reason); n != 1 {
			t.Errorf("%s: counted %d times", reason, n)
		}
	}
}

// G1 and fine print: "refuse answers 503 for unavailable, too_large and
// sign_failed. The others pass in any case."
func TestRefuse_OnlyForAFailure(t *testing.T) {
	for _, reason := range reasons {
		f, _ := startResponding(t, twoTokens, newFakeEnricher(reason).use(refusing(rule(t, "POST /login", "json:access_token", "json:id_token"))))
		res, body := f.ask(t, login)
		if n := f.reason(t, reason); n != 2 {
			t.Errorf("%s: counted %d times", reason, n)
		}
		switch reason {
		case enrich.TooLarge, enrich.Unavailable, enrich.SignFailed:
			expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 503, "urn:tokengraft:enrichment-failed")
		default:
			sameResponse(t, "POST", twoTokens, res, body)
		}
	}
}

// expectProblem checks an error of our own.
func expectProblem(t *testing.T, status int, contentType, body string, want int, wantType string) {
	t.Helper()
	var got struct {
		Type   string
		Status int
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || contentType != "application/problem+json" || status != want || got.Status != want || got.Type != wantType {
		t.Errorf("got %d %s %q, want %d %s", status, contentType, body, want, wantType)
	}
}

// G1: "has no Retry-After and keeps the backend's Access-Control-*, Vary, and
// Set-Cookie lines that hold no located token".
func TestRefuse_KeepsWhatABrowserNeedsAndNoToken(t *testing.T) {
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
			t.Errorf("it has %s: %q", name, res.Header[name])
		}
	}
	if want := []string{"csrf=1; Secure", "copy2=a.b.cd"}; !reflect.DeepEqual(res.Header["Set-Cookie"], want) {
		t.Errorf("Set-Cookie %q, want %q", res.Header["Set-Cookie"], want)
	}
	if want := []string{"Origin", "Cookie"}; !reflect.DeepEqual(res.Header["Vary"], want) || res.Header.Get("Access-Control-Allow-Origin") != "https://app" {
		t.Errorf("header %q", res.Header)
	}
}

// G1: nor an access token that is no JWT, whose id_token could not be completed.
func TestRefuse_KeepsNoCookieWithAnOpaqueToken(t *testing.T) {
	const cookies = "Set-Cookie: session=2YotnFZFEjr1zCsicMWpAA; Path=/\nSet-Cookie: copy=%222YotnFZFEjr1zCsicMWpAA%22\nSet-Cookie: csrf=1"
	text := answer("HTTP/1.1 200 OK\nContent-Type: application/json\n"+cookies, `{"access_token":"2YotnFZFEjr1zCsicMWpAA","id_token":"d.e.f"}`)
	f, _ := startResponding(t, text, newFakeEnricher(enrich.Unavailable).use(refusing(rule(t, "POST /login", "json:access_token", "json:id_token"))))
	if res, _ := f.ask(t, login); !reflect.DeepEqual(res.Header["Set-Cookie"], []string{"csrf=1"}) {
		t.Errorf("Set-Cookie %q, want csrf alone", res.Header["Set-Cookie"])
	}
}

// Rule 9 of the house: a failure is logged, sometimes, and names no token.
func TestFailure_IsLoggedOnceInAWhileWithoutItsToken(t *testing.T) {
	f, _ := startResponding(t, twoTokens, newFakeEnricher(enrich.Unavailable).use(rule(t, "POST /login", "json:access_token")))
	for range 3 {
		f.ask(t, login)
	}
	log := f.log.String()
	if n := strings.Count(log, `"msg":"token not enriched"`); n != 1 || strings.Contains(log, "a.b.c") {
		t.Errorf("%d notices in %s", n, log)
	}
}

// B1: "exp/nbf failures on fresh responses log the measured clock offset".
func TestFailure_MeasuresAWrongClock(t *testing.T) {
	var f *fixture
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		date := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)
		r.Send(answer("HTTP/1.1 200 OK\nContent-Type: application/json\nDate: "+date, `{"access_token":"`+f.issuer.Token(`{"sub":"u1","exp":1}`)+`"}`))
	})
	f = start(t, backend.URL, setup{rules: logins(t)})
	f.ask(t, login)
	offset := between(t, f.log.String(), `"clock_offset_seconds":`, "}")
	if seconds, err := strconv.Atoi(offset); err != nil || seconds < -3602 || seconds > -3598 {
		t.Errorf("measured %s, want about -3600", offset)
	}
}

// G3: a refusal before the request is sent on burns nothing, and says so.
func TestRefuse_BeforeForwardingWhileTheSourceFails(t *testing.T) {
	failing := func(s *proxy.Snapshot) { s.Failing = func() bool { return true } }
	f, backend := startResponding(t, twoTokens, setup{
		rules:    []proxy.Rule{refusing(rule(t, "POST /login", "json:access_token")), rule(t, "POST /passing", "json:access_token")},
		snapshot: failing,
	})
	res, body := f.ask(t, login)
	if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" || !strings.Contains(body, "urn:tokengraft:documents-unavailable") {
		t.Errorf("%d %q %s", res.StatusCode, res.Header, body)
	}
	if got := len(backend.Requests()); got != 0 {
		t.Errorf("the backend got %d requests, want none", got)
	}
	f.ask(t, strings.Replace(login, "/login", "/passing", 1))
	f.ask(t, strings.Replace(login, "/login", "/other", 1))
	if got := len(backend.Requests()); got != 2 {
		t.Errorf("the backend got %d requests of rules that pass and of none, want 2", got)
	}
}

// A preflight issues no token, and a browser that gets 503 on one sees no more
// than a fault of CORS. Nor do requests that only may issue some.
func TestRefuse_BeforeForwardingOnlyRequestsForTokens(t *testing.T) {
	mixed := refusing(rule(t, "/authorize/", "fragment:access_token"))
	mixed.Mixed = true
	f, backend := startResponding(t, answer("HTTP/1.1 200 OK", ""), setup{
		rules:    []proxy.Rule{refusing(rule(t, "/login", "json:access_token")), mixed},
		snapshot: func(s *proxy.Snapshot) { s.Failing = func() bool { return true } },
	})
	for _, line := range []string{"OPTIONS /login", "HEAD /login", "GET /authorize/page"} {
		if res, _ := f.ask(t, line+" HTTP/1.1\r\nHost: h\r\n\r\n"); res.StatusCode != 200 {
			t.Errorf("%s: %d, want the backend's answer", line, res.StatusCode)
		}
	}
	if got := len(backend.Requests()); got != 3 {
		t.Errorf("the backend got %d requests, want 3", got)
	}
	f.ask(t, login)
	if got := f.reason(t, enrich.Unavailable); got != 1 {
		t.Errorf("%d tokens counted unavailable, want the refused one", got)
	}
}
