package proxy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// requestsOnly returns a setup with a rule for requests only, under the policy that
// refuses while the source fails.
func requestsOnly(t testing.TB) setup {
	events := refusing(rule(t, "/events"))
	events.Restore = locations(t, "query:token", "json:a.token", "header:X-Token")
	return setup{
		rules:    append(logins(t), events),
		options:  shortTimeout,
		snapshot: func(s *proxy.Snapshot) { s.Failing = func() bool { return true } },
	}
}

// A1: the responses of a rule for requests only stream, longer than Timeouts.Response.
func TestRequestsOnly_ResponsesStream(t *testing.T) {
	for name, s := range map[string]setup{"enriching": requestsOnly(t), "shadow": inShadow(requestsOnly(t))} {
		t.Run(name, func(t *testing.T) {
			next := make(chan bool)
			backend := proxytest.Start(t, func(r *proxytest.Request) {
				r.Send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("a"))
				<-next
				r.Send(chunk("b") + chunk(""))
			})
			f := start(t, backend.URL, s)
			client := f.dial(t)
			client.send("GET /events HTTP/1.1\r\nHost: h\r\n\r\n")
			res := client.receive("GET")
			if got := fmt.Sprint(res.StatusCode, res.TransferEncoding); got != "200 [chunked]" {
				t.Fatalf("the response is %s, want 200 in chunks", got)
			}
			first := make([]byte, 1)
			if _, err := res.Body.Read(first); err != nil || string(first) != "a" {
				t.Fatalf("read %q and %v before the rest was sent, want a", first, err)
			}
			time.Sleep(200 * time.Millisecond) // longer than Timeouts.Response
			close(next)
			if rest := readAll(t, res.Body); rest != "b" {
				t.Errorf("the rest of the response is %q, want b", rest)
			}
		})
	}
}

// A1: every byte of the response, and of the header that asks for it, is the same as
// without a rule.
func TestRequestsOnly_ResponsesAreUnchanged(t *testing.T) {
	for _, tt := range responses {
		t.Run(tt.name, func(t *testing.T) {
			f, backend := startResponding(t, tt.text, requestsOnly(t))
			res, body := f.ask(t, tt.method+" /events HTTP/1.1\r\nHost: h\r\nAccept-Encoding: zstd\r\n\r\n")
			sameResponse(t, tt.method, tt.text, res, body)
			if got, _ := backend.Requests()[0].Get("Accept-Encoding"); got != "zstd" {
				t.Errorf("the backend got Accept-Encoding: %q, want zstd", got)
			}
		})
	}
}

// D1.
func TestRequestsOnly_RestoresAtItsLocations(t *testing.T) {
	for _, tt := range []struct{ location, target, line, body string }{
		{"query:token", "/events?token=TOKEN", "X-Other: 1", ""},
		{"header:X-Token", "/events", "X-Token: Bearer TOKEN", ""},
		{"json:a.token", "/events", jsonBody, `{"a":{"token":"TOKEN"}}`},
	} {
		t.Run(tt.location, func(t *testing.T) {
			f, backend := startResponding(t, noContent, requestsOnly(t))
			original := f.token("")
			with := func(text, token string) string { return strings.ReplaceAll(text, "TOKEN", token) }
			enriched := f.enriched(t, original)
			f.ask(t, request("POST", with(tt.target, enriched), []string{with(tt.line, enriched)}, with(tt.body, enriched)))
			got := backend.Requests()[0]
			all := got.Line + "\n" + strings.Join(got.Header, "\n") + "\n" + got.Body
			for _, want := range []string{with(tt.target, original), with(tt.line, original), with(tt.body, original)} {
				if !strings.Contains(all, want) {
					t.Errorf("the backend got\n%s\nwant %q in it", all, want)
				}
			}
		})
	}
}
