package http1_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy/internal/http1"
)

// FuzzResponse_IsReadAsNetHTTPDoes: whatever the backend sends, in two parts, both transports
// return the same.
func FuzzResponse_IsReadAsNetHTTPDoes(f *testing.F) {
	for _, text := range []string{
		okay, "", "HTTP/1.1 200 OK\r\n\r\nuntil the end", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nab",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n2\r\nab\r\n0\r\nA: 1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n2\r\nab\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nab",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 103 Early\r\nA: b\r\n\r\n" + okay,
		"HTTP/1.1 100 Continue\r\n\r\n" + okay, "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 304 Not Modified\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\nab", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "junk\r\n\r\n",
		"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 200 OK\nContent-Length: 1\n\nx",
	} {
		f.Add([]byte(text), uint16(len(text)/2), false)
		f.Add([]byte(text), uint16(0), true)
	}
	next := make(chan [2]string, 1)
	b := startBackend(f, func(p *peer) {
		parts := <-next
		if r := p.request(); r != nil {
			io.Copy(io.Discard, r.Body) // otherwise closing would reset the connection
		}
		p.send(parts[0])
		if parts[1] != "" {
			time.Sleep(time.Millisecond)
			p.send(parts[1])
		}
	})
	lean := b.transport()
	standard := &http.Transport{DisableCompression: true, DisableKeepAlives: false, MaxResponseHeaderBytes: lean.MaxHeader}
	f.Fuzz(func(t *testing.T, text []byte, split uint16, head bool) {
		at := min(int(split), len(text))
		method := "GET"
		if head {
			method = "HEAD"
		}
		var got [2]string
		for i, transport := range []http.RoundTripper{standard, lean} {
			next <- [2]string{string(text[:at]), string(text[at:])}
			r := b.newRequest(t, t.Context(), method, http.NoBody)
			r.Body = io.NopCloser(strings.NewReader("x")) // so that nothing is sent again
			r.ContentLength = 1
			got[i] = describe(transport.RoundTrip(r))
			select {
			case <-next: // no connection was made
			default:
			}
			standard.CloseIdleConnections()
			lean.CloseIdleConnections()
		}
		if got[0] != got[1] {
			t.Errorf("for %q\nnet/http has %s\nthis has     %s", text, got[0], got[1])
		}
	})
}

// describe writes a response with its body and trailer.
func describe(res *http.Response, err error) string {
	if err != nil {
		return "an error"
	}
	var body []byte
	if res.StatusCode != http.StatusSwitchingProtocols { // its body is the connection
		body, err = io.ReadAll(res.Body)
	}
	res.Body.Close()
	return fmt.Sprintf("%s %s, length %d, close %t, coding %q, header %q, body %q, broken %t, trailer %q", res.Proto, res.Status,
		res.ContentLength, res.Close, res.TransferEncoding, sorted(res.Header), body, err != nil, sorted(res.Trailer))
}

func sorted(h http.Header) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(h)) {
		all = append(all, fmt.Sprint(name, h[name]))
	}
	return all
}

// FuzzRequest_IsWrittenAsNetHTTPDoes: both transports send the same bytes, except that
// Content-Length: 0 of a request that has no body is kept, and that a body in memory that
// does not fit its length is not sent at all.
func FuzzRequest_IsWrittenAsNetHTTPDoes(f *testing.F) {
	f.Add("GET", "/a", "b=c", "h", "A", "b", "", int64(0), byte(0))
	f.Add("POST", "/a b", "%zz", "h:80", "Content-Length", "7", "abc", int64(3), byte(1))
	f.Add("POST", "/a", "", "h", "Content-Length", "\x10", "abc", int64(3), byte(1))
	f.Add("PUT", "//a", "", "[::1]:80", "transfer-encoding", "chunked", "abc", int64(-1), byte(2))
	f.Add("DELETE", "/", "", "", "User-Agent", " x ", "abc", int64(2), byte(3))
	f.Add("PATCH", "", "", "h/", "Trailer", "X", "", int64(-1), byte(0))
	f.Add("G T", "/\n", "", "h", "A\r\nB", "c\r\nD: e", "", int64(0), byte(0))
	seen := make(chan string, 10)
	b := startBackend(f, func(p *peer) {
		p.in.Peek(1)
		p.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		all, _ := io.ReadAll(p.in)
		seen <- string(all)
	})
	f.Fuzz(func(t *testing.T, method, path, query, host, name, value, body string, length int64, kind byte) {
		if name == "Content-Length" && body == "" {
			t.Skip("documented difference")
		}
		var got [2]string
		for i := range got {
			var transport http.RoundTripper = &http.Transport{DisableCompression: true}
			if i == 1 {
				lean := b.transport()
				lean.Rest = transport
				transport = lean
			}
			ctx, cancel := context.WithCancel(t.Context())
			r := b.newRequest(t, ctx, "GET", nil)
			r.Method, r.URL.Path, r.URL.RawQuery, r.Host = method, path, query, host
			if kind&4 != 0 {
				r.URL.Opaque, r.URL.Path = path, ""
			}
			r.Header[name] = []string{value}
			if body != "" {
				r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), length
			}
			if kind&1 != 0 && body != "" && length == int64(len(body)) && i == 1 {
				r.Body = http1.InMemory{ReadCloser: r.Body}
			}
			if kind&2 != 0 && body != "" {
				r.Trailer = http.Header{"X-Sum": {value}}
			}
			got[i] = sent(transport, r, cancel, b, seen)
		}
		if body != "" && length > 0 && length != int64(len(body)) {
			if isComplete(got[1]) {
				t.Errorf("%q was sent for a body of another length", got[1])
			}
			return
		}
		if got[0] != got[1] {
			t.Errorf("net/http sends %q\nthis sends     %q", got[0], got[1])
		}
	})
}

// isComplete reports whether a text is a request with a complete body.
func isComplete(text string) bool {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err == nil
}

// sent returns what the backend gets. It gets the end of the connection if nothing is sent.
func sent(transport http.RoundTripper, r *http.Request, cancel func(), b *backend, seen chan string) string {
	before := b.conns.Load()
	timer := time.AfterFunc(2*time.Second, cancel)
	defer timer.Stop()
	defer cancel()
	if _, err := transport.RoundTrip(r); err == nil {
		return "a response"
	}
	cancel()
	for end := time.Now().Add(20 * time.Millisecond); b.conns.Load() == before; time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			return ""
		}
	}
	return <-seen
}
