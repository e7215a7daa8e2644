package proxy_test

import (
	"encoding/base64"
	"io"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// D1, D2: the backend gets its token in the subprotocols, and the client sees what it
// offered, whatever the backend chooses.
func TestWebSocket_TokenInASubprotocolIsRestored(t *testing.T) {
	kubernetes := func(token string) string {
		return "base64url.bearer.authorization.k8s.io." + base64.RawURLEncoding.EncodeToString([]byte(token))
	}
	itself := func(token string) string { return token }
	for _, tt := range []struct {
		name, offer, choice string
		encode              func(string) string
	}{
		{"the backend chooses the word", "bearer, TOKEN", "bearer", itself},
		{"the backend chooses the token", "access_token, TOKEN", "TOKEN", itself},
		{"the only one is a token", "TOKEN", "TOKEN", itself},
		{"Kubernetes", "base64.binary.k8s.io,TOKEN", "TOKEN", kubernetes},
		{"after other words", "v1.token.websocket.jupyter.org.TOKEN", "v1.token.websocket.jupyter.org.TOKEN", itself},
		{"the backend chooses nothing", "bearer, TOKEN", "", itself},
	} {
		for mode, s := range map[string]setup{"enriching": {rules: logins(t)}, "shadow": inShadow(setup{rules: logins(t)})} {
			t.Run(tt.name+" "+mode, func(t *testing.T) {
				original := ""
				backend := proxytest.Start(t, func(r *proxytest.Request) {
					choice := strings.ReplaceAll(tt.choice, "TOKEN", tt.encode(original))
					r.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: " + choice + "\r\n\r\nhello")
					r.WaitClosed()
				})
				f := start(t, backend.URL, s)
				original = f.token("")
				enriched := f.enriched(t, original)
				with := func(text, token string) string { return strings.ReplaceAll(text, "TOKEN", tt.encode(token)) }
				w := f.dial(t)
				w.send("GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: " + with(tt.offer, enriched) + "\r\n\r\n")
				res := w.receive("GET")
				defer w.Close()
				if got, want := res.Header.Get("Sec-WebSocket-Protocol"), with(tt.choice, enriched); res.StatusCode != 101 || got != want {
					t.Errorf("the client got %d with the subprotocol %q, want 101 with %q", res.StatusCode, got, want)
				}
				hello := make([]byte, len("hello"))
				if _, err := io.ReadFull(w.in, hello); err != nil || string(hello) != "hello" {
					t.Errorf("the client read %q and %v, want hello", hello, err)
				}
				if want := with(tt.offer, original); !has(backend.Requests()[0].Get("Sec-WebSocket-Protocol"))(want) {
					t.Errorf("the backend got %q, want the subprotocols %q", backend.Requests()[0].Header, want)
				}
				if n := f.counted(t, "tokengraft.restored", attribute.String("location", "header:Sec-Websocket-Protocol")); n != 1 {
					t.Errorf("restored tokens in subprotocols = %d, want 1", n)
				}
			})
		}
	}
}

// D2: the token of another client stays, and so does a changed one.
func TestWebSocket_OtherTokensStay(t *testing.T) {
	f, backend := startResponding(t, answer("HTTP/1.1 403 Forbidden\nSec-WebSocket-Protocol: x", "no"), setup{rules: logins(t)})
	enriched := f.enriched(t, f.token(""))
	offer := "bearer, " + enriched[:len(enriched)-4] + "AAAA, " + f.token("")
	res, _ := f.ask(t, "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: "+offer+"\r\n\r\n")
	if !has(backend.Requests()[0].Get("Sec-WebSocket-Protocol"))(offer) || res.Header.Get("Sec-WebSocket-Protocol") != "x" {
		t.Errorf("the backend got %q and the client %q, want %q and x", backend.Requests()[0].Header, res.Header, offer)
	}
}

// D1 in the other direction: a URL in a JSON answer carries tokens, whatever is escaped
// around them.
func TestEnriched_TokensOfAURLInJSON(t *testing.T) {
	const body = `{"redirect":"https:\/\/app\/cb?x=%2F#state=a\u0026access_token=TOKEN\u0026expires_in=3600","n":1.0}`
	s := setup{rules: logins(t)}
	s.rules[0].Tokens = locations(t, "json:redirect")
	f, original := startIssuing(t, s, func(token string) string {
		return answer("HTTP/1.1 200 OK\nContent-Type: application/json", strings.ReplaceAll(body, "TOKEN", token))
	})
	_, got := f.ask(t, login)
	before, after, _ := strings.Cut(body, "TOKEN")
	if token := between(t, got, before, after); !f.isEnriched(t, token) || token == original {
		t.Errorf("the client got %s, want an enriched token in %s", got, body)
	}
	if n := f.reason(t, "ok"); n != 1 {
		t.Errorf("ok was counted %d times, want 1", n)
	}
}
