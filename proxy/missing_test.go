package proxy_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// aJWT has the shape of a token.
const aJWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0.c2ln"

const okJSON = "HTTP/1.1 200 OK\nContent-Type: application/json"

// missing are responses without a token at the locations of their rule.
var missing = []struct {
	name, pattern string
	tokens        []string
	request       string
	head, body    string
	want          int64  // how often not_found is counted
	log           string // of the line, without the rule and the number; "" if there is none
	level         string
}{
	{"another path", "POST /login", []string{"json:result.session.token"}, login, okJSON, `{"result":{"session":{"jwt":"` + aJWT + `"}}}`, 1,
		"no token at json:result.session.token; there is a JWT at json:result.session.jwt", "WARN"},
	{"a header instead", "POST /login", []string{"json:token", "cookie:token"}, login, okJSON + "\nX-Auth: " + aJWT, `{"ok":true}`, 1,
		"no token at json:token or cookie:token; there is a JWT at header:X-Auth", "WARN"},
	{"two places", "POST /login", []string{"json:token"}, login, okJSON + "\nSet-Cookie: s=" + aJWT, `{"a":"` + aJWT + `"}`, 1,
		"no token at json:token; there are JWTs at cookie:s and json:a", "WARN"},
	{"JSON as a page", "POST /login", []string{"json:token"}, login, "HTTP/1.1 200 OK\nContent-Type: text/html", `{"jwt":"` + aJWT + `"}`, 1,
		"there is a JWT at json:jwt", "WARN"},
	{"a bare token", "POST /login", []string{"json:token"}, login, "HTTP/1.1 200 OK\nContent-Type: text/html", aJWT, 1,
		"there is a JWT at body", "WARN"},
	{"an input of a page", "POST /login", []string{"json:token"}, login, "HTTP/1.1 201 Created\nContent-Type: text/html", `<input type=hidden name=t value="` + aJWT + `">`, 1,
		"there is a JWT at form:t", "WARN"},
	{"in a script", "POST /login", []string{"json:token"}, login, "HTTP/1.1 200 OK\nContent-Type: text/html", `<script>token = "` + aJWT + `"</script>`, 1,
		"there is something in the shape of a JWT in it, but at no place that a location can name", "WARN"},
	{"an object at the path", "POST /login", []string{"json:token"}, login, okJSON, `{"token":{"value":"` + aJWT + `"}}`, 1,
		"there is a JWT at json:token.value", "WARN"},
	{"ids as names", "POST /login", []string{"json:token"}, login, okJSON, `{"users":{"62efedca3587e6e83c0fc675":"` + aJWT + `"}}`, 1,
		"there is a JWT at json:users.[redacted]", "WARN"},
	{"nothing", "POST /login", []string{"json:token"}, login, okJSON, `{"error":"wrong password","62efedca3587e6e83c0fc675":1}`, 1,
		"the body is JSON, and there is no JWT anywhere in the answer", "WARN"},
	{"a page", "POST /login", []string{"json:token"}, login, "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8", "<p>", 1,
		"the body is not JSON, and there is no JWT anywhere in the answer", "WARN"},
	{"an image", "POST /login", []string{"json:token"}, login, "HTTP/1.1 200 OK\nContent-Type: image/png", "x", 1,
		"the body was not looked at, because of its content type", "WARN"},
	{"empty", "POST /login", []string{"json:token"}, login, "HTTP/1.1 200 OK", "", 1,
		"there is no JWT anywhere in the answer", "WARN"},
	{"a refresh token alone", "POST /login", []string{"json:token"}, login, okJSON, `{"refresh_token":"` + aJWT + `"}`, 1,
		"at no place that a location can name", "WARN"},
	{"a redirect with a cookie", "POST /login", []string{"cookie:session"}, login, "HTTP/1.1 302 Found\nLocation: /\nSet-Cookie: sess=" + aJWT, "", 1,
		"no token at cookie:session; there is a JWT at cookie:sess", "WARN"},
	{"a page of a GET with a token in its address", "/callback", []string{"fragment:token"}, get("/callback"), "HTTP/1.1 200 OK\nContent-Type: text/html\nX-Token: " + aJWT, "<p>", 1,
		"there is a JWT at header:X-Token", "WARN"},

	{"no content", "POST /login", []string{"json:token"}, login, "HTTP/1.1 204 No Content\nContent-Type: application/json", "", 0, "", ""},
	{"no content, and a cookie instead", "POST /login", []string{"cookie:session"}, login, "HTTP/1.1 204 No Content\nSet-Cookie: sid=" + aJWT, "", 1,
		"no token at cookie:session; there is a JWT at cookie:sid", "WARN"},
	{"another status", "POST /login", []string{"json:token"}, login, "HTTP/1.1 401 Unauthorized\nContent-Type: application/json", `{"t":"` + aJWT + `"}`, 0, "", ""},
	{"not modified", "/login", []string{"json:token"}, get("/login"), "HTTP/1.1 304 Not Modified", "", 0, "", ""},
	{"HEAD", "/login", []string{"json:token"}, "HEAD /login HTTP/1.1\r\nHost: h\r\n\r\n", okJSON, "", 0, "", ""},
	{"OPTIONS", "/login", []string{"json:token"}, "OPTIONS /login HTTP/1.1\r\nHost: h\r\n\r\n", okJSON, "{}", 0, "", ""},
	{"a redirect without a token", "POST /login", []string{"cookie:session"}, login, "HTTP/1.1 302 Found\nLocation: /login?error=1", "", 0, "", ""},
	{"a redirect with a state", "POST /login", []string{"fragment:token"}, login, "HTTP/1.1 302 Found\nLocation: /next?state=" + aJWT, "", 0, "", ""},
	{"an event stream", "POST /login", []string{"json:token"}, login, "HTTP/1.1 200 OK\nContent-Type: text/event-stream", "data: " + aJWT, 0, "", ""},
	{"null", "POST /login", []string{"json:data.token"}, login, okJSON, `{"data":{"token":null},"mfa_required":true}`, 0, "", ""},
	{"an empty string", "POST /login", []string{"json:id_token", "json:token"}, login, okJSON, `{"token":"","mfa_required":true}`, 0, "", ""},
	{"a deleted cookie", "POST /login", []string{"cookie:session"}, login, "HTTP/1.1 200 OK\nSet-Cookie: session=; Max-Age=0", "{}", 0, "", ""},
	{"the login page", "/login", []string{"json:token"}, get("/login"), "HTTP/1.1 200 OK\nContent-Type: text/html\nSet-Cookie: csrf=" + aJWT, "<p>", 0, "", ""},
	{"a rule for all paths", "/", []string{"json:token"}, get("/me"), okJSON, `{"name":"x"}`, 0, "", ""},
	{"a rule for headers of all paths", "/", []string{"header:Authorization"}, login, okJSON + "\nX-Token: " + aJWT, `{"name":"x"}`, 0, "", ""},
	{"a token that the client sent", "/", []string{"json:token"}, "POST /echo?t=" + aJWT + " HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", okJSON, `{"t":"` + aJWT + `"}`, 0, "", ""},
	{"found", "POST /login", []string{"json:token"}, login, okJSON, `{"token":"opaque"}`, 0, "", ""},
	{"no rule", "POST /other", []string{"json:token"}, login, okJSON, `{"jwt":"` + aJWT + `"}`, 0, "", ""},
}

func get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n" }

// lineOf returns the line of a log with the reason not_found, or nil.
func lineOf(t *testing.T, log string) map[string]any {
	t.Helper()
	for line := range strings.Lines(log) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err == nil && entry["reason"] == "not_found" {
			return entry
		}
	}
	return nil
}

func TestMissing_IsCountedAndTheLogSaysWhatIsThereInstead(t *testing.T) {
	for _, tt := range missing {
		t.Run(tt.name, func(t *testing.T) {
			sent := answer(tt.head, tt.body)
			f, _ := startResponding(t, sent, setup{rules: []proxy.Rule{refusing(rule(t, tt.pattern, tt.tokens...))}})
			res, body := f.ask(t, tt.request)
			sameMessage(t, tt.request, sent, res, body)
			entry := f.accessLog(t, 1)[0]
			if n := f.reason(t, enrich.NotFound); n != tt.want {
				t.Errorf("not_found was counted %d times, want %d", n, tt.want)
			}
			if got := entry["tokens"] == "not_found"; got != (tt.want == 1) {
				t.Errorf("access log: tokens = %q, want not_found: %v", entry["tokens"], tt.want == 1)
			}
			checkMissingLine(t, f.log.String(), "rule "+tt.pattern+" matched 1 answer, ", tt.log, tt.level)
		})
	}
}

// sameMessage is sameResponse for responses that can have a body.
func sameMessage(t *testing.T, request, sent string, res *http.Response, body string) {
	t.Helper()
	if res.StatusCode != http.StatusNoContent && res.StatusCode != http.StatusNotModified {
		sameResponse(t, strings.Fields(request)[0], sent, res, body)
	}
}

func checkMissingLine(t *testing.T, log, start, want, level string) {
	t.Helper()
	line := lineOf(t, log)
	if want == "" {
		if line != nil {
			t.Errorf("log has %v, want no line about a missing token", line)
		}
		return
	}
	if message, _ := line["msg"].(string); !strings.HasPrefix(message, start) || !strings.Contains(message, want) || line["level"] != level {
		t.Errorf("log has %v %q, want %s %q … %q", line["level"], line["msg"], level, start, want)
	}
	if strings.Contains(log, "eyJ") || strings.Contains(log, "62efedca3587e6e83c0fc675") || strings.Contains(log, "wrong password") {
		t.Errorf("log has a token, an id or a value:\n%s", log)
	}
}

// E5: shadow mode counts and logs the same.
func TestShadow_CountsResponsesWithoutTokens(t *testing.T) {
	for _, tt := range missing {
		t.Run(tt.name, func(t *testing.T) {
			sent := answer(tt.head, tt.body)
			f, _ := startResponding(t, sent, inShadow(setup{rules: []proxy.Rule{rule(t, tt.pattern, tt.tokens...)}}))
			res, body := f.ask(t, tt.request)
			sameMessage(t, tt.request, sent, res, body)
			f.accessLog(t, 1)
			if tt.want > 0 {
				waitFor(t, "the response to be counted", func() bool { return f.reason(t, enrich.NotFound) == 1 && lineOf(t, f.log.String()) != nil })
			} else if n := f.reason(t, enrich.NotFound); n != 0 {
				t.Errorf("not_found was counted %d times, want 0", n)
			}
			checkMissingLine(t, f.log.String(), "shadow: rule "+tt.pattern+" matched 1 answer, ", tt.log, tt.level)
		})
	}
}

func TestMissing_AdviceIsTheLineForTheRule(t *testing.T) {
	for _, tt := range []struct{ body, want string }{
		{`{"result":{"session":{"jwt":"` + aJWT + `"}}}`, "write this in the rule: tokens: [json:result.session.jwt]"},
		{`{"a":[{"b c":"` + aJWT + `"}]}`, `write this in the rule: tokens: ["json:a.*.b c"]`},
		{`{"anna@example.com":"` + aJWT + `"}`, "Name that place in the tokens of the rule."},
		{`{"error":"x","mfaRequired":true}`, "look where the backend sends the token"},
	} {
		f, _ := startResponding(t, answer(okJSON, tt.body), setup{rules: logins(t)})
		f.ask(t, login)
		f.accessLog(t, 1)
		line := lineOf(t, f.log.String())
		if advice, _ := line["advice"].(string); !strings.Contains(advice, tt.want) {
			t.Errorf("%s: advice = %q, want %q", tt.body, advice, tt.want)
		}
		if line["status"] != 200.0 || line["content_type"] != "application/json" || line["count"] != 1.0 {
			t.Errorf("%s: line = %v, want status, content_type and count", tt.body, line)
		}
	}
}

// A gate refuses what it refused before, and lets pass what it let pass.
func TestMissing_ChangesNothingAtAGate(t *testing.T) {
	for _, tt := range []struct {
		body   string
		status int
	}{{`{"error":"x"}`, 200}, {`{"jwt":"` + aJWT + `"}`, 503}} {
		matching := rule(t, "POST /login", "json:token")
		matching.Gate = true
		f, _ := startResponding(t, answer(okJSON, tt.body), setup{rules: []proxy.Rule{matching}})
		if res, body := f.ask(t, login); res.StatusCode != tt.status {
			t.Errorf("%s: got %d %s, want %d", tt.body, res.StatusCode, body, tt.status)
		}
		if n := f.reason(t, enrich.NotFound); n != 1 {
			t.Errorf("%s: not_found was counted %d times, want 1", tt.body, n)
		}
	}
}

// The locations of a preset are right, so a sign-up that waits for an e-mail is not a mistake. A
// token at another place is one.
func TestMissing_TrustsKnownLocations(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       int64
	}{{"sign-up", `{"id":"1","confirmation_sent_at":"2026-01-01"}`, 0}, {"another place", `{"jwt":"` + aJWT + `"}`, 1}} {
		matching := rule(t, "POST /login", "json:access_token")
		matching.Known = true
		f, _ := startResponding(t, answer(okJSON, tt.body), setup{rules: []proxy.Rule{matching}})
		f.ask(t, login)
		f.accessLog(t, 1)
		if n, line := f.reason(t, enrich.NotFound), lineOf(t, f.log.String()); n != tt.want || (line != nil) != (tt.want > 0) {
			t.Errorf("%s: not_found was counted %d times, and the log has %v, want %d", tt.name, n, line, tt.want)
		}
	}
}

// A flood of such responses writes one line, and the metrics count all of them. Once the
// rule has found a token, a response without any JWT is not a warning.
func TestMissing_IsLoggedRarely(t *testing.T) {
	f, _ := startResponding(t, answer(okJSON, `{"jwt":"`+aJWT+`"}`), setup{rules: logins(t)})
	for range 5 {
		f.ask(t, login)
	}
	f.accessLog(t, 5)
	if n, lines := f.reason(t, enrich.NotFound), strings.Count(f.log.String(), `"reason":"not_found"`); n != 5 || lines != 1 {
		t.Errorf("not_found was counted %d times and logged %d times, want 5 and 1", n, lines)
	}
	bodies := []string{`{"access_token":"opaque"}`, `{"error":"wrong password"}`, `{"error":"wrong password"}`}
	var n int
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.ReadBody()
		r.Send(answer(okJSON, bodies[n]))
		n++
	})
	f = start(t, backend.URL, setup{rules: logins(t)})
	for range bodies {
		f.ask(t, login)
	}
	f.accessLog(t, len(bodies))
	checkMissingLine(t, f.log.String(), "rule POST /login matched 1 answer, ", "there is no JWT anywhere in the answer", "INFO")
	if lines := strings.Count(f.log.String(), `"reason":"not_found"`); lines != 1 {
		t.Errorf("not_found was logged %d times, want once", lines)
	}
}
