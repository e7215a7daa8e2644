//go:build !race

package proxy_test

import (
	"bytes"
	"math"
	"net"
	"net/netip"
	"net/url"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/budget"
	"github.com/tokengraft/tokengraft/proxy"
)

// TestGarbage_OfARequestIsBounded counts what a request allocates in net/http's server, the
// proxy, the enricher and the transport. Client and backend allocate nothing, and the garbage
// collector is off, so the numbers are the same on every machine and under any load. The least of
// several rounds counts, because other goroutines allocate a little.
//
// The bounds are what was measured, and a margin of 2 allocations and 3 %. When a request needs
// less, lower them: -v shows the numbers. When it needs more, find out why before you raise them:
// run the benchmarks of this package with -memprofile and -memprofilerate=1. A new version of Go
// may change them.
func TestGarbage_OfARequestIsBounded(t *testing.T) {
	const get = "GET /api/1k HTTP/1.1\r\nHost: auth.example.com\r\nUser-Agent: test\r\nAccept: */*\r\nAuthorization: Bearer abc\r\n\r\n"
	const post = "POST /login HTTP/1.1\r\nHost: auth.example.com\r\nUser-Agent: test\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 43\r\n\r\n" +
		"grant_type=password&username=u1&password=p1"
	page := answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"items":"`+strings.Repeat("x", 1012)+`"}`)
	for _, tt := range []struct {
		name, algorithm, request string
		allocations, bytes       float64
	}{
		{"no rule", "HS256", get, 47, 6480},
		{"login HS256", "HS256", post, 84, 9160},
		{"login ES256", "ES256", post, 154, 16520},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reply := []byte(page)
			address := startSilent(t, &reply)
			f := start(t, address, setup{algorithm: tt.algorithm, rules: logins(t), options: func(o *proxy.Options) {
				withoutLog(o)
				parts := o.Memory.(*budget.Budget)
				o.ClientMemory = func(client netip.Addr) proxy.Memory { return parts.Of(client) }
			}})
			if strings.HasPrefix(tt.request, "POST") {
				reply = []byte(loginResponse(f.token("")))
			}
			allocations, size := garbageOf(t, strings.TrimPrefix(f.URL, "http://"), tt.request)
			t.Logf("%s: %.1f allocations, %.0f bytes", tt.name, allocations, size)
			if allocations > tt.allocations || size > tt.bytes {
				t.Errorf("%s: %.1f allocations and %.0f bytes for a request, want at most %.0f and %.0f", tt.name, allocations, size, tt.allocations, tt.bytes)
			}
		})
	}
}

// startSilent starts a backend that sends the same bytes for each request. It allocates nothing.
func startSilent(t *testing.T, reply *[]byte) *url.URL {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				s := &stream{Conn: c}
				for s.receive() == nil {
					if _, err := c.Write(*reply); err != nil {
						return
					}
				}
			}()
		}
	}()
	return &url.URL{Scheme: "http", Host: l.Addr().String()}
}

// A stream is a connection from which whole messages are read, into one buffer.
type stream struct {
	net.Conn
	buffer [16 << 10]byte
}

// receive reads a message. Its body has the length that Content-Length says, or none.
func (s *stream) receive() error {
	length := math.MaxInt
	for n := 0; n < length; {
		more, err := s.Read(s.buffer[n:])
		if err != nil {
			return err
		}
		n += more
		if end := bytes.Index(s.buffer[:n], []byte("\r\n\r\n")); end >= 0 {
			length = end + len("\r\n\r\n") + contentLength(s.buffer[:end])
		}
	}
	return nil
}

// contentLength returns the length in a header, and 0 without one.
func contentLength(header []byte) (n int) {
	_, value, _ := bytes.Cut(header, []byte("\r\nContent-Length: "))
	for _, digit := range value {
		if digit < '0' || digit > '9' {
			break
		}
		n = 10*n + int(digit-'0')
	}
	return n
}

// garbageOf returns what each request allocates, over one connection.
func garbageOf(t *testing.T, address, request string) (allocations, size float64) {
	t.Helper()
	const rounds, requests = 4, 500
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, message := &stream{Conn: c}, []byte(request)
	send := func() {
		for range requests {
			if _, err := s.Write(message); err != nil {
				t.Fatal(err)
			}
			if err := s.receive(); err != nil || !bytes.HasPrefix(s.buffer[:], []byte("HTTP/1.1 200 OK\r\n")) {
				t.Fatalf("got %.40q, %v; want 200", s.buffer[:], err)
			}
		}
	}
	send() // makes what is made once
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	allocations, size = math.Inf(1), math.Inf(1)
	for range rounds {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		send()
		runtime.ReadMemStats(&after)
		allocations = min(allocations, float64(after.Mallocs-before.Mallocs)/requests)
		size = min(size, float64(after.TotalAlloc-before.TotalAlloc)/requests)
	}
	return allocations, size
}
