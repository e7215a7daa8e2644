package proxy_test

import (
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy"
)

// A client that waits for 100 Continue gets it if its body will be read, and not otherwise.
func TestLocal_AsksForABodyOnlyIfItReadsIt(t *testing.T) {
	f, _ := startResponding(t, noContent, withLocals(proxy.Local{Pattern: ownPath, Handler: echoing, MaxBody: 4}))
	for header, want := range map[string]int{
		"Content-Length: 4":          100,
		"Transfer-Encoding: chunked": 100,
		"Content-Length: 5":          413,
	} {
		w := f.dial(t)
		w.send("POST " + ownPath + " HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n" + header + "\r\n\r\n")
		res := w.receive("POST")
		if res.StatusCode != want {
			t.Errorf("%s: got %s, want %d", header, res.Status, want)
		}
		if want == 100 {
			body := "body"
			if strings.HasPrefix(header, "Transfer") {
				body = chunk(body) + chunk("")
			}
			w.send(body)
			if res := w.receive("POST"); res.StatusCode != 200 {
				t.Errorf("%s, then the body: got %s, want 200", header, res.Status)
			}
		}
		w.Close()
	}
}
