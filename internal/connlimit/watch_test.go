package connlimit_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/connlimit"
)

// long is longer than a request that is short for the watch.
const long = 40 * time.Millisecond

// serveWith starts a server with a handler of its own, whose connections are in a pool.
func serveWith(t testing.TB, change func(*http.Server)) (address string) {
	t.Helper()
	pool := connlimit.New(connlimit.Options{Bounds: connlimit.Bounds{Connections: 1000, Memory: plenty}, Lines: 100})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{}
	change(server)
	pool.Configure(server)
	if in := pool.Listener(listener.(*net.TCPListener)); server.TLSConfig != nil {
		go server.ServeTLS(in, "", "")
	} else {
		go server.Serve(in)
	}
	t.Cleanup(func() { server.Close() })
	return listener.Addr().String()
}

func handle(f http.HandlerFunc) func(*http.Server) {
	return func(s *http.Server) { s.Handler = f }
}

func dialTo(t testing.TB, address, text string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(conn, text)
	return conn.(*net.TCPConn)
}

func TestWatch_CancelsTheRequestOfAClientThatIsGone(t *testing.T) {
	ended := make(chan error, 1)
	address := serveWith(t, handle(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
			ended <- nil
		case <-time.After(10 * time.Second):
			ended <- fmt.Errorf("10 s later its context has not ended")
		}
	}))
	for name, text := range map[string]string{
		"without a body":      get,
		"with a body":         "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
		"with a chunked body": "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
	} {
		for how, leave := range map[string]func(*net.TCPConn){
			"closes the connection":           func(c *net.TCPConn) { c.Close() },
			"closes its half":                 func(c *net.TCPConn) { c.CloseWrite() },
			"resets the connection":           func(c *net.TCPConn) { c.SetLinger(0); c.Close() },
			"closes the connection, but late": func(c *net.TCPConn) { time.Sleep(long); c.Close() },
		} {
			leave(dialTo(t, address, text))
			if err := <-ended; err != nil {
				t.Errorf("a request %s, whose client %s: %v", name, how, err)
			}
		}
	}
}

// Over TLS net/http itself notices it. No goroutine of the connections stays.
func TestWatch_CancelsSoonAndLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	ended := make(chan struct{})
	wait := handle(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		ended <- struct{}{}
	})
	backend := httptest.NewUnstartedServer(nil)
	backend.StartTLS()
	certificates := backend.TLS
	backend.Close()
	plain := serveWith(t, wait)
	encrypted := serveWith(t, func(s *http.Server) { wait(s); s.TLSConfig = certificates })
	for name, dial := range map[string]func() net.Conn{
		"plain": func() net.Conn { return dialTo(t, plain, get) },
		"TLS": func() net.Conn {
			c := tls.Client(dialTo(t, encrypted, ""), &tls.Config{InsecureSkipVerify: true})
			io.WriteString(c, get)
			return c
		},
	} {
		var longest time.Duration
		for range 20 {
			conn := dial()
			time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
			began := time.Now()
			conn.Close()
			<-ended
			longest = max(longest, time.Since(began))
		}
		t.Logf("%s: canceled after at most %s", name, longest)
		if longest > 2*time.Second {
			t.Errorf("%s: canceled after %s, want some milliseconds", name, longest)
		}
	}
	const servers = 2
	for until := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before+servers; time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

// A client may send its next requests before it has the response. The watch reads the first
// byte of them.
func TestWatch_KeepsWhatIsSentAhead(t *testing.T) {
	address := serveWith(t, handle(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			time.Sleep(2 * long)
		}
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s", r.URL.Path, body)
	}))
	const slow = "POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
	post := strings.Replace(slow, "/slow", "/next", 1)
	for _, pause := range []time.Duration{0, long} {
		conn := dialTo(t, address, slow+slow) // the second one is read together with the first
		time.Sleep(pause)
		io.WriteString(conn, post+slow)
		time.Sleep(pause)
		io.WriteString(conn, post)
		reader := bufio.NewReader(conn)
		for _, want := range []string{"/slow abc", "/slow abc", "/next abc", "/slow abc", "/next abc"} {
			response, err := http.ReadResponse(reader, nil)
			if err != nil {
				t.Fatalf("pause %s: %v, want %q", pause, err, want)
			}
			if body, err := io.ReadAll(response.Body); string(body) != want {
				t.Fatalf("pause %s: got %q, %v, want %q", pause, body, err, want)
			}
		}
	}
}

func TestWatch_LeavesAHijackedConnection(t *testing.T) {
	read := func(c net.Conn) string {
		b := make([]byte, 5)
		_, _ = io.ReadFull(c, b)
		return string(b)
	}
	byteByByte := func(c net.Conn) string {
		var b, one [5]byte
		for i := range b {
			n, err := c.Read(one[:1])
			if n != 1 || err != nil {
				return fmt.Sprint(n, err)
			}
			b[i] = one[0]
		}
		return string(b[:])
	}
	copied := func(c net.Conn) string {
		var b strings.Builder
		io.CopyN(&b, c, 5)
		return b.String()
	}
	all := func(c net.Conn) string {
		var b strings.Builder
		io.Copy(&b, c)
		return b.String()
	}
	for _, before := range []time.Duration{0, 2 * long} {
		for name, receive := range map[string]func(net.Conn) string{"Read": read, "bytes": byteByByte, "CopyN": copied, "Copy": all} {
			got := make(chan string, 1)
			address := serveWith(t, handle(func(w http.ResponseWriter, _ *http.Request) {
				time.Sleep(before)
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					got <- err.Error()
					return
				}
				defer conn.Close()
				io.WriteString(conn, "ready")
				got <- receive(conn)
			}))
			conn := dialTo(t, address, get)
			if before > 0 {
				time.Sleep(long)
				io.WriteString(conn, "he")
			}
			io.ReadFull(conn, make([]byte, 5))
			if before == 0 {
				io.WriteString(conn, "he")
			}
			time.Sleep(long)
			io.WriteString(conn, "llo")
			conn.CloseWrite()
			if text := <-got; text != "hello" {
				t.Errorf("%s, hijacked after %s: got %q, want hello", name, before, text)
			}
		}
	}
}

// The deadlines of a server still end what is slow, and nothing else. All requests of the first
// connection arrive at once, so that it does not matter how fast this test is.
func TestWatch_KeepsTheDeadlinesOfTheServer(t *testing.T) {
	const idle, header = 250 * time.Millisecond, 200 * time.Millisecond
	address := serveWith(t, func(s *http.Server) {
		s.IdleTimeout, s.ReadHeaderTimeout = idle, header
		s.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				time.Sleep(2 * idle)
			}
		})
	})
	kept := bufio.NewReader(dialTo(t, address, get+strings.Replace(get, "/", "/slow", 1)+get))
	for range 3 {
		if response, err := http.ReadResponse(kept, nil); err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("with a request that takes %s: got %+v, %v, want 200", 2*idle, response, err)
		}
	}
	for name, test := range map[string]struct {
		text string
		want time.Duration
	}{"half a header": {half, header}, "an idle connection": {get, idle}} {
		began := time.Now()
		io.Copy(io.Discard, dialTo(t, address, test.text)) // until the server closes it
		if took := time.Since(began); took < test.want || took > 10*time.Second {
			t.Errorf("%s: closed after %s, want %s", name, took, test.want)
		}
	}
}

// BenchmarkServer_Request shows what the watch and the deadlines of a socket save: with them
// a request in a pool costs less than in net/http alone.
func BenchmarkServer_Request(b *testing.B) {
	handler := handle(func(http.ResponseWriter, *http.Request) { runtime.Gosched() })
	run := func(b *testing.B, address string) {
		conn := dialTo(b, address, "")
		conn.SetDeadline(time.Time{})
		response := make([]byte, 4096)
		b.ReportAllocs()
		for b.Loop() {
			io.WriteString(conn, get)
			if _, err := conn.Read(response); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("pool", func(b *testing.B) { run(b, serveWith(b, handler)) })
	b.Run("net/http", func(b *testing.B) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		server := &http.Server{}
		handler(server)
		go server.Serve(listener)
		defer server.Close()
		run(b, listener.Addr().String())
	})
}
