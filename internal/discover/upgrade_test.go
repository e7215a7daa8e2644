package discover_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/tokengraft/tokengraft/internal/discover"
)

// A WebSocket passes in both directions while discover watches.
func TestRun_WebSocketsPass(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	backend := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, buffer, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		line, _ := buffer.ReadString('\n')
		fmt.Fprintf(conn, "you said %s", line)
	})
	r := start(ctx, t, backend, discover.Options{})
	u, _ := url.Parse(r.url)
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	reader := bufio.NewReader(conn)
	if res, err := http.ReadResponse(reader, nil); err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("the answer to an upgrade is %v (%v), want 101", res, err)
	}
	fmt.Fprint(conn, "hello\n")
	if line, err := reader.ReadString('\n'); line != "you said hello\n" {
		t.Errorf("the WebSocket answers %q (%v), want %q", line, err, "you said hello\n")
	}
	stop()
	<-r.ended
}

// On a terminal discover says what is still worth doing.
func TestRun_AdvisesOnATerminal(t *testing.T) {
	backend := http.NewServeMux()
	answer := func(token string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if token != "" {
				fmt.Fprintf(w, `{"token":%q}`, token)
			}
		}
	}
	renewed := jws(`{"alg":"HS256"}`, `{"sub":"1"}`, "renewed")
	backend.Handle("/login", answer(watched))
	backend.Handle("/me", answer(""))
	backend.Handle("/extend", answer(renewed))
	backend.Handle("/logout", answer(""))
	r := start(t.Context(), t, backend, discover.Options{Requests: 4, Terminal: true})
	for _, step := range []struct{ path, authorization, says string }{
		{"/login", "Basic YTpi", "now use the app"},
		{"/me", "Bearer " + watched, "now refresh the token"},
		{"/extend", "Bearer " + watched, "now log out"},
		{"/logout", "Bearer " + renewed, "all was seen"},
	} {
		r.get(t, step.path, "Authorization", step.authorization)
		r.stderr.wait(t, regexp.MustCompile(step.says))
	}
	if err := <-r.ended; err != nil {
		t.Fatal(err)
	}
}
