package proxy_test

import (
	"io"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// anywhere returns a rule for every request, with locations in the header only.
func anywhere(t testing.TB) []proxy.Rule {
	t.Helper()
	return []proxy.Rule{rule(t, "/", "header:Authorization", "cookie:token", "fragment:access_token", "query:access_token")}
}

// A1: a rule for headers changes no response without a token in its header: the body
// streams, and timeouts.response ends with the header.
func TestHeaderRule_ResponseWithoutATokenStreams(t *testing.T) {
	for _, head := range []string{
		"200 OK\r\nContent-Type: text/html", "200 OK\r\nContent-Type: application/json", "200 OK",
		"206 Partial Content\r\nContent-Type: video/mp4", "302 Found\r\nLocation: /next", "404 Not Found\r\nContent-Type: text/plain",
	} {
		t.Run(head, func(t *testing.T) {
			arrived := make(chan bool)
			backend := proxytest.Start(t, func(r *proxytest.Request) {
				r.Send("HTTP/1.1 " + head + "\r\nContent-Length: 4\r\n\r\nab")
				<-arrived
				waitLonger(shortTimeout)
				r.Send("cd")
			})
			f := start(t, backend.URL, setup{rules: anywhere(t), options: shortTimeout})
			w := f.dial(t)
			w.send("GET /film HTTP/1.1\r\nHost: h\r\n\r\n")
			res := w.receive("GET")
			first := make([]byte, 2)
			if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != "ab" {
				t.Fatalf("the client read %q, %v first; want \"ab\"", first, err)
			}
			arrived <- true
			if rest, err := io.ReadAll(res.Body); err != nil || string(rest) != "cd" {
				t.Errorf("the client read %q, %v second; want \"cd\"", rest, err)
			}
		})
	}
}

// A token in the header is enriched, and so are its repeats in a text body.
func TestHeaderRule_TokenAndItsRepeatsAreEnriched(t *testing.T) {
	f, original := startIssuing(t, setup{rules: anywhere(t)}, func(token string) string {
		return answer("HTTP/1.1 200 OK\nContent-Type: text/html\nAuthorization: Bearer "+token, "<p>"+token+"</p>")
	})
	res, body := f.ask(t, "GET /page HTTP/1.1\r\nHost: h\r\n\r\n")
	token := strings.TrimPrefix(res.Header.Get("Authorization"), "Bearer ")
	if !f.isEnriched(t, token) || body != "<p>"+token+"</p>" {
		t.Errorf("Authorization = %q, body = %q; want the same enriched token twice, not %s", token, body, original)
	}
	if n := f.reason(t, enrich.OK); n != 1 {
		t.Errorf("ok was counted %d times, want 1", n)
	}
}

// A8: the client's Accept-Encoding reaches the backend if the body is read only for a
// token in the header.
func TestHeaderRule_ForwardsAcceptEncoding(t *testing.T) {
	for _, tt := range []struct {
		location, want string
	}{{"header:Authorization", "gzip, br"}, {"fragment:access_token", "gzip, br"}, {"form:access_token", "identity"}, {"json:access_token", "identity"}, {"body", "identity"}} {
		f, backend := startResponding(t, noContent, setup{rules: []proxy.Rule{rule(t, "/", tt.location)}})
		f.ask(t, "GET /page HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip, br\r\n\r\n")
		if got, _ := backend.Requests()[0].Get("Accept-Encoding"); got != tt.want {
			t.Errorf("rule with %s: the backend got Accept-Encoding: %s, want %s", tt.location, got, tt.want)
		}
	}
}
