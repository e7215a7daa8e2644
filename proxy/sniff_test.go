package proxy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// A2, B2: JSON is JSON by its bytes, whatever its type says. The type stays.
func TestEnriched_JSONOfAnyType(t *testing.T) {
	const object = "{ \"n\":1.0, \"access_token\" : \"TOKEN\" }\n"
	for _, kind := range []string{"application/json", "text/html; charset=UTF-8", "text/plain", "text/json", "text/javascript", "application/x-javascript", "application/octet-stream", "odd", ""} {
		for _, guard := range []string{"", ")]}',\n", "while(1);", "for(;;);", "\ufeff \n"} {
			for mode, gate := range map[string]bool{"": false, "gate ": true} {
				t.Run(mode+kind+" "+guard, func(t *testing.T) {
					s := setup{rules: logins(t)}
					s.rules[0].Gate = gate
					f, _ := startIssuing(t, s, func(token string) string {
						return answer("HTTP/1.1 200 OK\nContent-Type: "+kind, guard+strings.ReplaceAll(object, "TOKEN", token))
					})
					res, body := f.ask(t, login)
					before, after, _ := strings.Cut(guard+object, "TOKEN")
					if token := between(t, body, before, after); !f.isEnriched(t, token) || res.Header.Get("Content-Type") != kind {
						t.Errorf("the client got %q with %q, want an enriched token, and the type %q", body, res.Header, kind)
					}
				})
			}
		}
	}
}

// B2: a body that is one string.
func TestEnriched_BodyThatIsAJSONString(t *testing.T) {
	for _, kind := range []string{"application/json", "text/plain", "text/html"} {
		f, _ := startIssuing(t, setup{rules: []proxy.Rule{rule(t, "POST /login", "body")}}, func(token string) string {
			return answer("HTTP/1.1 200 OK\nContent-Type: "+kind, ` "Bearer `+token+`" `)
		})
		if _, body := f.ask(t, login); !f.isEnriched(t, between(t, body, ` "Bearer `, `" `)) {
			t.Errorf("%s: the client got %q, want an enriched token", kind, body)
		}
	}
}

// B2: a body that is one token, whatever its type says.
func TestEnriched_BareTokenOfAnyType(t *testing.T) {
	for _, kind := range []string{"text/plain", "text/html; charset=UTF-8", "application/octet-stream", "odd", ""} {
		for mode, gate := range map[string]bool{"": false, "gate ": true} {
			t.Run(mode+kind, func(t *testing.T) {
				s := setup{rules: []proxy.Rule{rule(t, "POST /login", "body")}}
				s.rules[0].Gate = gate
				f, _ := startIssuing(t, s, func(token string) string {
					return answer("HTTP/1.1 200 OK\nContent-Type: "+kind, "\n"+token+" \n")
				})
				if _, body := f.ask(t, login); !f.isEnriched(t, between(t, body, "\n", " \n")) {
					t.Errorf("the client got %q, want an enriched token", body)
				}
			})
		}
	}
}

// A1: a large body streams if its first bytes are not JSON.
func TestTransparency_BodiesThatAreNotJSONStream(t *testing.T) {
	for _, kind := range []string{"text/html", "application/octet-stream", "video/mp4", "application/x-ndjson", "text/event-stream"} {
		for mode, s := range map[string]setup{"": {rules: logins(t)}, "shadow ": inShadow(setup{rules: logins(t)})} {
			t.Run(mode+kind, func(t *testing.T) {
				first := "  <!doctype html>"
				if kind == "application/x-ndjson" {
					first = `{"progress":1}`
				}
				next := make(chan bool)
				backend := proxytest.Start(t, func(r *proxytest.Request) {
					r.Send("HTTP/1.1 200 OK\r\nContent-Type: " + kind + "\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(first))
					<-next
					r.Send(chunk(strings.Repeat("x", 2<<20)) + chunk(""))
				})
				f := start(t, backend.URL, s)
				client := f.dial(t)
				client.send(login)
				res := client.receive("POST")
				read := make([]byte, len(first))
				if n, err := res.Body.Read(read); err != nil || n == 0 || !strings.HasPrefix(first, string(read[:n])) {
					t.Fatalf("read %q and %v before the rest was sent, want %q", read, err, first)
				}
				close(next)
				if rest := readAll(t, res.Body); !strings.HasSuffix(rest, strings.Repeat("x", 2<<20)) {
					t.Errorf("the rest of the response has %d bytes, want 2 MiB", len(rest))
				}
				if n := f.reason(t, enrich.TooLarge); n != 0 {
					t.Errorf("too_large was counted %d times, want 0", n)
				}
			})
		}
	}
}

// A1: a response that begins with few bytes reaches the client at once.
func TestTransparency_ShortStartsAreNotHeld(t *testing.T) {
	for _, first := range []string{"o", "x.", "e\n\n\n"} {
		next := make(chan bool)
		backend := proxytest.Start(t, func(r *proxytest.Request) {
			r.Send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(first))
			<-next
			r.Send(chunk("k") + chunk(""))
		})
		f := start(t, backend.URL, setup{rules: []proxy.Rule{rule(t, "POST /login", "json:access_token", "body")}})
		client := f.dial(t)
		client.send(login)
		sent := time.Now()
		res, got := client.receive("POST"), make([]byte, len(first))
		if err := readWhole(res.Body, got); err != nil || string(got) != first {
			t.Errorf("the client got %s, %q and %v, want %q before the rest was sent", res.Status, got, err, first)
		}
		if took := time.Since(sent); took > 5*time.Second {
			t.Errorf("%q was held for %v", first, took)
		}
		close(next)
	}
}

// D1: JSON in requests, at the locations of a rule and at those of any path.
func TestRestore_FindsJSONOfAnyTextType(t *testing.T) {
	for _, kind := range []string{"text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "text/json", ""} {
		for _, path := range []string{"/login", "/other"} {
			f, backend := startResponding(t, noContent, restoringAt(t))
			original := f.token("")
			body := fmt.Sprintf(`{"session":{"token":%q},"n":1.0}`, f.enriched(t, original))
			f.ask(t, request("POST", path, []string{"Content-Type: " + kind}, body))
			if got, want := backend.Requests()[0].Body, fmt.Sprintf(`{"session":{"token":%q},"n":1.0}`, original); got != want {
				t.Errorf("%s %q: the backend got %s, want %s", path, kind, got, want)
			}
		}
	}
}
