package proxy_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

const (
	uncovered    = "the backend issued a token that no rule covers"
	notRestored  = "the backend got an enriched token at a place where none is restored"
	isOff        = "restore is off, and an enriched token came back"
	isPocketBase = "it looks like one of PocketBase"
)

// diagnosing returns the setup with a way to diagnose.
func diagnosing(s setup, d proxy.Diagnose) setup {
	other := s.options
	s.options = func(o *proxy.Options) {
		if other != nil {
			other(o)
		}
		o.Diagnose = d
	}
	return s
}

// lines returns the lines of the log that contain a text.
func (f *fixture) lines(text string) (lines []map[string]any) {
	for line := range strings.Lines(f.log.String()) {
		if strings.Contains(line, text) {
			attrs := map[string]any{}
			_ = json.Unmarshal([]byte(line), &attrs)
			lines = append(lines, attrs)
		}
	}
	return lines
}

// awaitLine waits for the only line of the log that contains a text.
func (f *fixture) awaitLine(t testing.TB, text string) map[string]any {
	t.Helper()
	waitFor(t, "a line in the log: "+text, func() bool { return len(f.lines(text)) > 0 })
	lines := f.lines(text)
	if len(lines) != 1 {
		t.Errorf("the log has %d lines with %q, want 1: %v", len(lines), text, lines)
	}
	return lines[0]
}

func (f *fixture) uncovered(t testing.TB, where string) int64 {
	return f.counted(t, "tokengraft.uncovered.tokens", attribute.String("where", where))
}

// The line of YAML that would handle a token that leaves without the claim.
func TestDiagnose_NamesTheRuleForATokenThatNoRuleCovers(t *testing.T) {
	testCodings := append(codings[:1:1], codings[4:]...)
	for _, tt := range []struct {
		name, method, path string
		head, body         string
		request, advice    string
	}{
		{"JSON", "POST", "/api/session", "200 OK\nContent-Type: application/json", `{"data":{"token":"TOKEN"}}`, "POST /api/session", "- match: POST /api/session\n  tokens: [json:data.token]"},
		{"JSON as HTML", "POST", "/api/session/", "200 OK\nContent-Type: text/html", `{"token":"TOKEN"}`, "POST /api/session/{$}", "- match: POST /api/session/{$}\n  tokens: [json:token]"},
		{"two places", "POST", "/s", "200 OK\nX-Auth: Bearer TOKEN\nContent-Type: application/json", `{"a":"TOKEN","refresh_token":"TOKEN"}`, "POST /s", "- match: POST /s\n  tokens: [header:X-Auth, json:a]"},
		{"a cookie", "POST", "/s", "204 No Content\nSet-Cookie: sid=TOKEN; HttpOnly", "", "POST /s", "- match: POST /s\n  tokens: [cookie:sid]"},
		{"a redirect", "GET", "/cb?code=x", "302 Found\nLocation: https://app/#jwt=TOKEN", "", "GET /cb", "- match: GET /cb\n  tokens: [fragment:jwt]"},
		{"an id in the path", "GET", "/users/62d1f0a1b2c3/keys/9f8e7d6c5b4a", "200 OK\nContent-Type: text/plain", "TOKEN", "GET /users/{id}/keys/{id2}", "- match: GET /users/{id}/keys/{id2}\n  tokens: [body]"},
		{"an image", "GET", "/me.png", "200 OK\nX-Jwt: TOKEN\nContent-Type: image/png", "TOKEN", "GET /me.png", "- match: GET /me.png\n  tokens: [header:X-Jwt]"},
		{"a rule that names another place", "POST", "/login", "200 OK\nContent-Type: application/json", `{"access_token":"OTHER","session":{"jwt":"TOKEN"}}`, "POST /login", "Nothing, if it is a refresh token: it must stay as it is. Otherwise: Change this rule, or add it to rules if it comes from a preset or from oidc:\n- match: POST /login\n  tokens: [json:access_token, json:session.jwt]"},
		{"an id as the name of a member", "POST", "/s", "200 OK\nContent-Type: application/json", `{"a@example.com":"TOKEN"}`, "POST /s", ""},
	} {
		for _, coding := range testCodings {
			t.Run(tt.name+" "+coding.name, func(t *testing.T) {
				var f *fixture
				backend := proxytest.Start(t, func(r *proxytest.Request) {
					r.ReadBody()
					fill := strings.NewReplacer("TOKEN", f.token(`,"n":1`), "OTHER", f.token("")).Replace
					head := "HTTP/1.1 " + fill(tt.head)
					if tt.body == "" {
						r.Send(answer(head, ""))
						return
					}
					if tt.path != "/login" {
						head += "\nContent-Encoding: " + coding.header
						r.Send(answer(head, compress(t, coding.writer, fill(tt.body))))
						return
					}
					r.Send(answer(head, fill(tt.body)))
				})
				f = start(t, backend.URL, setup{rules: logins(t)})
				for range 3 {
					f.ask(t, tt.method+" "+tt.path+" HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
				}
				line := f.awaitLine(t, uncovered)
				if f.uncovered(t, "response") == 0 {
					t.Error("no uncovered token was counted, want some")
				}
				advice, _ := line["advice"].(string)
				if line["level"] != "WARN" || line["request"] != tt.request || !strings.HasSuffix(advice, tt.advice) || (tt.advice == "") != (advice == "") {
					t.Errorf("logged %v, want a warning about %s that ends with the advice %q", line, tt.request, tt.advice)
				}
				if strings.Contains(f.log.String(), "eyJ") || strings.Contains(f.log.String(), "example.com") {
					t.Errorf("the log has a token or a name that could be an id:\n%s", f.log)
				}
			})
		}
	}
}

// Tokens that are not the backend's, that it only repeats, or that a rule covers.
func TestDiagnose_SaysNothingAboutOtherTokens(t *testing.T) {
	for _, tt := range []struct {
		name, request, head, body string
	}{
		{"another issuer's", "POST /s", "200 OK\nContent-Type: application/json", `{"t":"FOREIGN"}`},
		{"a changed one", "POST /s", "200 OK\nContent-Type: application/json", `{"t":"TOKENx"}`},
		{"a refresh token", "POST /s", "200 OK\nContent-Type: application/json", `{"refresh_token":"TOKEN"}`},
		{"a refresh token of Simple JWT", "POST /s", "200 OK\nContent-Type: application/json", `{"refresh":"TOKEN"}`},
		{"a refresh token in a cookie", "POST /s", "204 No Content\nSet-Cookie: refresh_token_cookie=TOKEN; Path=/", ""},
		{"an id_token, which gets no claim", "POST /s", "200 OK\nContent-Type: application/json", `{"id_token":"TOKEN"}`},
		{"one that the client sent in a header", "POST /s", "200 OK\nContent-Type: application/json", `{"t":"SENT"}`},
		{"one that the client sent in the query", "POST /s?t=SENT", "200 OK\nContent-Type: application/json", `{"t":"SENT"}`},
		{"one that the client sent in the body", "POST /s", "200 OK\nContent-Type: application/json", `{"t":"BODY"}`},
		{"an error", "POST /s", "401 Unauthorized\nContent-Type: application/json", `{"t":"TOKEN"}`},
		{"an image", "POST /s", "200 OK\nContent-Type: image/png", `{"t":"TOKEN"}`},
		{"octets", "POST /s", "200 OK\nContent-Type: application/octet-stream", `{"t":"TOKEN"}`},
		{"a stream", "POST /s", "200 OK\nContent-Type: text/event-stream", "data: TOKEN\n\n"},
		{"a large one", "POST /s", "200 OK\nContent-Type: application/json", `{"t":"TOKEN","x":"` + strings.Repeat("x", 1<<20) + `"}`},
		{"a rule's", "POST /login", "200 OK\nContent-Type: application/json", `{"access_token":"TOKEN"}`},
		{"not_found", "POST /login", "200 OK\nContent-Type: application/json", `{"t":"TOKEN"}`},
		{"off", "POST /off", "200 OK\nContent-Type: application/json", `{"t":"TOKEN"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var f *fixture
			var sent string
			backend := proxytest.Start(t, func(r *proxytest.Request) {
				if strings.HasPrefix(r.Line, "GET /known ") {
					r.Send(answer("HTTP/1.1 200 OK\nX-T: "+f.token(`,"k":1`), ""))
					return
				}
				r.ReadBody()
				foreign := "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2ln"
				fill := strings.NewReplacer("TOKEN", f.token(`,"n":1`), "SENT", sent, "BODY", between(t, r.Body, `"t":"`, `"`), "FOREIGN", foreign).Replace
				r.Send(answer("HTTP/1.1 "+fill(tt.head), fill(tt.body)))
			})
			mode := proxy.DiagnoseOn
			if tt.name == "off" {
				mode = proxy.DiagnoseOff
			}
			f = start(t, backend.URL, diagnosing(setup{rules: logins(t)}, mode))
			sent = f.token(`,"sent":1`)
			method, target, _ := strings.Cut(strings.ReplaceAll(tt.request, "SENT", sent), " ")
			lines := []string{"Content-Type: application/json", "Authorization: Bearer " + sent}
			if strings.Contains(tt.request, "SENT") {
				lines = lines[:1]
			}
			f.ask(t, request(method, target, lines, `{"t":"`+f.token(`,"body":1`)+`"}`))
			if mode == proxy.DiagnoseOn {
				f.ask(t, "GET /known HTTP/1.1\r\nHost: h\r\n\r\n")
				waitFor(t, "the token of /known", func() bool { return len(f.lines(uncovered)) > 0 })
			}
			if lines := f.lines(uncovered); len(lines) > 1 || len(lines) == 1 && lines[0]["request"] != "GET /known" {
				t.Errorf("logged %v, want only GET /known", lines)
			}
		})
	}
}

// A backend that cannot be supported is named, once.
func TestDiagnose_NamesABackendWhoseKeysDifferPerUser(t *testing.T) {
	for _, claims := range []string{
		`{"collectionId":"_pb_users_auth_","exp":4102444800,"id":"u1","refreshable":true,"type":"auth"}`,
		`{"collectionId":"_pb_users_auth_","exp":4102444800,"id":"u1","type":"authRecord"}`,
	} {
		other := fmt.Sprintf("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.%s.c2lnbmF0dXJl", asBase64(claims))
		text := answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"token":"`+other+`","record":{}}`)
		f, _ := startResponding(t, text, setup{algorithm: "HS256", rules: logins(t)})
		for range 3 {
			f.ask(t, "POST /api/collections/users/auth-with-password HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
		}
		line := f.awaitLine(t, isPocketBase)
		if line["request"] != "POST /api/collections/users/auth-with-password" || line["places"] != "json:token" {
			t.Errorf("logged %v, want the request and json:token", line)
		}
	}
}
