package http1_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy/internal/http1"
)

// A tracked body knows whether it was closed.
type tracked struct {
	io.Reader
	closed atomic.Bool
}

func (b *tracked) Close() error {
	b.closed.Store(true)
	return nil
}

// startEchoing starts a backend that answers with the body of the request and its trailer.
func startEchoing(t *testing.T) *backend {
	return startBackend(t, func(p *peer) {
		r := p.request()
		if r == nil {
			return
		}
		if body, err := io.ReadAll(r.Body); err == nil {
			p.send("HTTP/1.1 200 OK\r\nX-Trailer: " + r.Trailer.Get("X-Sum") + "\r\nConnection: close\r\n\r\n" + string(body))
		}
	})
}

func TestUpload_ReachesTheBackend(t *testing.T) {
	long := strings.Repeat("0123456789", 20_000)
	for _, text := range []string{"a", long} {
		for _, kind := range []string{"whole", "streamed", "chunked"} {
			b := startEchoing(t)
			body := &tracked{Reader: iotestReader{strings.NewReader(text)}}
			r := b.newRequest(t, t.Context(), "POST", body)
			r.ContentLength = int64(len(text))
			switch kind {
			case "whole":
				r.Body = http1.InMemory{ReadCloser: body}
			case "chunked":
				r.ContentLength = -1
				r.Trailer = http.Header{"X-Sum": {"7"}}
			}
			res, err := b.transport().RoundTrip(r)
			if err != nil {
				t.Fatal(kind, len(text), err)
			}
			got, err := io.ReadAll(res.Body)
			if string(got) != text || err != nil {
				t.Errorf("%s: %d bytes, %v; want %d", kind, len(got), err, len(text))
			}
			if trailer := res.Header.Get("X-Trailer"); (trailer == "7") != (kind == "chunked") {
				t.Errorf("%s: trailer %q", kind, trailer)
			}
			waitTrue(t, "the body to be closed", body.closed.Load)
		}
	}
}

// iotestReader returns its end together with the last bytes.
type iotestReader struct{ *strings.Reader }

func (r iotestReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.Len() == 0 {
		err = io.EOF
	}
	return n, err
}

func waitTrue(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v for %s", patience, what)
		}
	}
}

// A body that does not fit its Content-Length, or cannot be read, ends the exchange: the
// backend must not take the next request for the rest of it.
func TestUpload_BrokenBodyEndsTheExchange(t *testing.T) {
	broken := errors.New("broken")
	text := func(parts ...string) io.Reader {
		var all []io.Reader
		for _, part := range parts {
			all = append(all, strings.NewReader(part))
		}
		return io.MultiReader(all...)
	}
	tests := []struct {
		name   string
		body   func() io.Reader
		length int64
		want   string
	}{
		{"short", func() io.Reader { return text("abc") }, 5, "has 3 bytes"},
		{"long", func() io.Reader { return text("abcdefg") }, 5, "has 7 bytes"},
		{"long in parts", func() io.Reader { return text("abcde", "f") }, 5, "has 6 bytes"},
		{"broken", func() io.Reader { return io.MultiReader(text("abc"), failing{broken}) }, 5, "broken"},
		{"broken at its end", func() io.Reader { return io.MultiReader(text("abcde"), failing{broken}) }, 5, "broken"},
		{"broken chunks", func() io.Reader { return io.MultiReader(text("abc"), failing{broken}) }, -1, "broken"},
	}
	for _, tt := range tests {
		for _, inMemory := range []bool{false, true} {
			if inMemory && tt.length < 0 {
				continue
			}
			whole := make(chan bool, 1)
			b := startBackend(t, func(p *peer) {
				r := p.request()
				if r == nil {
					whole <- false
					return
				}
				_, err := io.Copy(io.Discard, r.Body)
				whole <- err == nil
				p.waitClosed()
			})
			body := &tracked{Reader: tt.body()}
			r := b.newRequest(t, t.Context(), "POST", body)
			if r.ContentLength = tt.length; inMemory {
				r.Body = http1.InMemory{ReadCloser: body}
			}
			_, err := b.transport().RoundTrip(r)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s, in memory: %t: error %v, want %q", tt.name, inMemory, err, tt.want)
			}
			waitTrue(t, "the body to be closed", body.closed.Load)
			if b.conns.Load() > 0 && <-whole {
				t.Errorf("%s, in memory: %t: the backend took the body for complete", tt.name, inMemory)
			}
		}
	}
}

type failing struct{ error }

func (f failing) Read([]byte) (int, error) { return 0, f.error }

// The backend can answer before the request has ended. The connection is not used again.
func TestUpload_AnswerMayComeBeforeItsEnd(t *testing.T) {
	for _, length := range []int64{9, -1} {
		b := startBackend(t, func(p *peer) {
			p.request()
			p.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno")
			p.waitClosed()
		})
		transport := b.transport()
		body := newSlowly("abc")
		r := b.newRequest(t, t.Context(), "POST", body)
		r.ContentLength = length
		res, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		if res.StatusCode != 413 || string(got) != "no" || err != nil {
			t.Errorf("got %d %q, %v", res.StatusCode, got, err)
		}
		close(body.closed)
		b.get(t, transport)
		if n := b.conns.Load(); n != 2 {
			t.Errorf("%d connections, want 2", n)
		}
	}
}

// The backend may refuse a large body, answer and close. Its answer counts.
func TestUpload_AnswerOfABackendThatStopsReading(t *testing.T) {
	answered := make(chan struct{})
	defer close(answered)
	b := startBackend(t, func(p *peer) {
		p.request()
		p.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
		<-answered // not reading
	})
	r := b.newRequest(t, t.Context(), "POST", bytes.NewReader(make([]byte, 16<<20)))
	res, err := b.transport().RoundTrip(r)
	if err != nil || res.StatusCode != 413 {
		t.Fatalf("got %v, %v; want 413", res, err)
	}
}

// Rare requests are left to the other transport.
func TestRest_IsLeftToTheOtherTransport(t *testing.T) {
	b := startBackend(t, answering(okay))
	tests := map[string]func(r *http.Request){
		"another host":          func(r *http.Request) { r.URL.Host = "127.0.0.1:1" },
		"another scheme":        func(r *http.Request) { r.URL.Scheme = "https" },
		"upgrade":               func(r *http.Request) { r.Header.Set("Upgrade", "websocket") },
		"expect":                func(r *http.Request) { r.Header.Set("Expect", "100-continue") },
		"CONNECT":               func(r *http.Request) { r.Method = "CONNECT" },
		"GET of unknown length": func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("")), -1 },
		"a host to be encoded":  func(r *http.Request) { r.Host = "bücher.example" },
		"another coding": func(r *http.Request) {
			r.Body, r.TransferEncoding = io.NopCloser(strings.NewReader("")), []string{"gzip"}
		},
	}
	for name, change := range tests {
		r := b.newRequest(t, t.Context(), "GET", nil)
		change(r)
		if _, err := b.transport().RoundTrip(r); err != errRest || b.conns.Load() > 0 {
			t.Errorf("%s: got %v and %d connections, want it left", name, err, b.conns.Load())
		}
	}
}

// The address of the backend is that of net/http, whatever its URL looks like.
func TestDial_GetsTheAddressOfNetHTTP(t *testing.T) {
	for _, host := range []string{"a.example", "a.example:", "a.example:81", "[::1]", "[::1]:", "[::1]:81", "[fe80::1%lo]", "bücher.example", "bücher.example:81"} {
		var addresses [2]string
		for i := range addresses {
			dial := func(_ context.Context, _, address string) (net.Conn, error) {
				addresses[i] = address
				return nil, errRest
			}
			var transport http.RoundTripper = &http.Transport{DialContext: dial}
			if i > 0 {
				transport = &http1.Transport{Host: host, Dial: dial, Rest: transport, Idle: time.Minute, MaxHeader: 1 << 10}
			}
			r := &http.Request{Method: "GET", URL: &url.URL{Scheme: "http", Host: host, Path: "/"}, Host: "public.example", Header: http.Header{}}
			if _, err := transport.RoundTrip(r); !errors.Is(err, errRest) {
				t.Errorf("%s: %v, want that of dialing", host, err)
			}
		}
		if addresses[0] == "" || addresses[1] != addresses[0] {
			t.Errorf("%s: dialed %q, want %q", host, addresses[1], addresses[0])
		}
	}
}

// A header or a trailer that could be two lines is never sent.
func TestRequest_InvalidHeaderIsNotSent(t *testing.T) {
	b := startBackend(t, answering(okay))
	for _, h := range []http.Header{{"A": {"b\r\nC: d"}}, {"A b": {"c"}}, {"": {"c"}}, {"A\n": {"c"}}, {"User-Agent": {"a\nb"}}, {"Content-Length": {"\x10"}}} {
		for _, trailer := range []bool{false, true} {
			r := b.newRequest(t, t.Context(), "POST", io.NopCloser(strings.NewReader("a")))
			if r.Header = h; trailer {
				r.Header, r.Trailer = nil, h
			}
			if _, err := b.transport().RoundTrip(r); err == nil || b.conns.Load() > 0 {
				t.Errorf("%q: got %v and %d connections, want an error", h, err, b.conns.Load())
			}
		}
	}
}
