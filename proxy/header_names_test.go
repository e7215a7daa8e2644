package proxy_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// rawHead returns the lines of the next head that a connection gets, sorted, without the
// first.
func rawHead(t *testing.T, read func(n int) string) []string {
	t.Helper()
	head := ""
	for !strings.HasSuffix(head, "\r\n\r\n") {
		b := read(1)
		if b == "" {
			t.Fatalf("the connection ended after %q", head)
		}
		head += b
	}
	lines := strings.Split(strings.TrimSuffix(head, "\r\n\r\n"), "\r\n")[1:]
	slices.Sort(lines)
	return lines
}

// oddNames are header lines whose names are not in Go's form.
var oddNames = []string{
	"WWW-Authenticate: Bearer", "X-XSS-Protection: 0", "ETag: \"1\"", "content-type: application/json", "date: yesterday",
	"server: uvicorn", "Set-cookie: a=1", "Set-cookie: b=2", "x_y: z", "DNT: 1", "X-Usual: 1", "CONTENT-LANGUAGE: en",
}

// A1: the names are those of the backend, in every response, in parts and compressed too.
func TestHeaderNames_AreThoseOfTheBackend(t *testing.T) {
	want := append(slices.Clone(oddNames), "Content-Length: 2")
	slices.Sort(want)
	for _, size := range []int{1, 7, 1 << 20} {
		backend := proxytest.Start(t, func(r *proxytest.Request) {
			r.ReadBody()
			text := "HTTP/1.1 200 OK\r\n" + strings.Join(oddNames, "\r\n") + "\r\nContent-Length: 2\r\n\r\n{}"
			for len(text) > 0 {
				n := min(size, len(text))
				r.Send(text[:n])
				text = text[n:]
			}
		})
		f := start(t, backend.URL, setup{rules: logins(t)})
		w := f.dial(t)
		for _, target := range []string{"POST /login", "GET /other", "GET /other"} {
			w.send(target + " HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
			if got := rawHead(t, w.read); !slices.Equal(got, want) {
				t.Errorf("%s, sent in parts of %d bytes: got %q\nwant %q", target, size, got, want)
			}
			w.read(2)
		}
	}
}

// A2: an enriched response loses the headers of the old body, however they are spelled.
func TestHeaderNames_StayInEnrichedResponses(t *testing.T) {
	f, _ := startIssuing(t, setup{rules: logins(t)}, func(token string) string {
		return answer("HTTP/1.1 200 OK\ncontent-type: application/json\nETAG: \"1\"\ndigest: x\nX-XSS-Protection: 0", `{"access_token":"`+token+`"}`)
	})
	w := f.dial(t)
	w.send(login)
	got := rawHead(t, w.read)
	want := []string{"X-XSS-Protection: 0", "content-type: application/json"}
	if len(got) != 3 || !strings.HasPrefix(got[0], "Content-Length: ") || !slices.Equal(got[1:], want) {
		t.Errorf("got %q, want Content-Length and %q", got, want)
	}
}

// A7: informational responses, upgrades, and what is not a head.
func TestHeaderNames_OfInformationalResponsesAndUpgrades(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		if strings.HasPrefix(r.Line, "GET /socket") {
			r.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nupgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\nhello")
			r.WaitClosed()
			return
		}
		r.Send("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nX-ID: 1\r\nContent-Length: 31\r\n\r\nHTTP/1.1 200 OK\r\nX-uSUAL: 1\r\n\r\n")
	})
	f := start(t, backend.URL, setup{})
	w := f.dial(t)
	for range 2 {
		w.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		for _, want := range []string{"[link: </a>]", "[Content-Length: 31 X-ID: 1]"} {
			if got := fmt.Sprint(rawHead(t, w.read)); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		w.read(31)
	}
	w.send("GET /socket HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	if got := fmt.Sprint(rawHead(t, w.read)); got != "[Connection: Upgrade Sec-WebSocket-Accept: x upgrade: websocket]" {
		t.Errorf("got %s, want the names of the backend", got)
	}
	if got := w.read(5); got != "hello" {
		t.Errorf("read %q after the upgrade, want hello", got)
	}
}

// A backend that makes up names does not fill the memory, and every name stays the same
// name.
func TestHeaderNames_AreBounded(t *testing.T) {
	var lines []string
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.Send("HTTP/1.1 200 OK\r\n" + strings.Join(lines, "\r\n") + "\r\nContent-Length: 0\r\n\r\n")
	})
	f := start(t, backend.URL, setup{})
	for i := range 6 {
		lines = nil
		for j := range 100 {
			lines = append(lines, fmt.Sprintf("x-name-%d-%d: 1", i, j))
		}
		res, _ := f.ask(t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		if len(res.Header) != 101 {
			t.Fatalf("response %d has %d names, want 101", i, len(res.Header))
		}
	}
	if n := proxy.KnownNames(f.proxy); n > 256 {
		t.Errorf("the proxy remembers %d names, want at most 256", n)
	}
}

// read returns the next n bytes, or fewer if the connection ends.
func (w *wire) read(n int) string {
	w.t.Helper()
	text := make([]byte, n)
	read, _ := io.ReadFull(w.in, text)
	return string(text[:read])
}
