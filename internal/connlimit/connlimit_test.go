package connlimit_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/certs/certstest"
	"github.com/tokengraft/tokengraft/internal/connlimit"
)

// A world is a server whose connections are in a pool. A request for /held is answered
// when release is closed.
type world struct {
	*testing.T
	pool    *connlimit.Pool
	address string
	tls     *tls.Config   // of the server; nil for plain HTTP
	held    chan struct{} // gets an element for each request for /held
	release chan struct{}
	served  atomic.Int64 // requests
	// states is called when the state of a connection changes, before the pool knows.
	states atomic.Pointer[func(net.Conn, http.ConnState)]

	mu      sync.Mutex
	refused map[connlimit.Limit]int
}

const plenty = 1 << 40

func start(t *testing.T, b connlimit.Bounds, encrypted bool) *world {
	t.Helper()
	w := &world{T: t, held: make(chan struct{}, 100), release: make(chan struct{}), refused: map[connlimit.Limit]int{}}
	w.pool = connlimit.New(connlimit.Options{
		Bounds: b, Lines: 100,
		TooManyLines: []byte("HTTP/1.1 431 Too many\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
		Overloaded: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Seen", strings.Join(slices.Sorted(maps.Keys(r.Header)), " "))
			w.WriteHeader(http.StatusServiceUnavailable)
		}),
		Refused: w.count,
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.address = listener.Addr().String()
	server := &http.Server{Handler: w, Protocols: new(http.Protocols), ErrorLog: log.New(io.Discard, "", 0)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	w.pool.Configure(server)
	track := server.ConnState
	server.ConnState = func(c net.Conn, state http.ConnState) {
		if hook := w.states.Load(); hook != nil {
			(*hook)(c, state)
		}
		track(c, state)
	}
	serve := func() error { return server.Serve(w.pool.Listener(listener.(*net.TCPListener))) }
	if encrypted {
		w.tls = &tls.Config{Certificates: []tls.Certificate{certstest.New(t).Pair(t, "server", "127.0.0.1")}}
		server.TLSConfig = w.tls
		serve = func() error { return server.ServeTLS(w.pool.Listener(listener.(*net.TCPListener)), "", "") }
	}
	go serve()
	t.Cleanup(func() { server.Close() })
	return w
}

// ServeHTTP implements [http.Handler].
func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.served.Add(1)
	if r.URL.Path == "/held" {
		w.held <- struct{}{}
		<-w.release
	}
	io.WriteString(rw, r.Proto)
}

func (w *world) count(l connlimit.Limit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refused[l]++
}

func (w *world) refusals(l connlimit.Limit) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refused[l]
}

// dial opens a connection, and sends text.
func (w *world) dial(text string) net.Conn {
	w.Helper()
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		w.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	w.Cleanup(func() { conn.Close() })
	if w.tls != nil {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	}
	io.WriteString(conn, text) // that the server closes it is an error in some tests only
	return conn
}

// answer returns the status of the next response, or closed.
func answer(conn net.Conn) string {
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return "closed"
	}
	io.Copy(io.Discard, response.Body)
	return response.Status[:3]
}

func (w *world) want(what string, conn net.Conn, want string) {
	w.Helper()
	if got := answer(conn); got != want {
		w.Errorf("%s: got %s, want %s", what, got, want)
	}
}

// empty waits until nothing is open.
func (w *world) empty() {
	w.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); w.pool.Open() != 0 || w.pool.Used() != 0; <-tick.C {
		if time.Now().After(deadline) {
			w.Fatalf("%d connections are open and use %d bytes, want none", w.pool.Open(), w.pool.Used())
		}
	}
}

const (
	get  = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
	hold = "GET /held HTTP/1.1\r\nHost: h\r\n\r\n"
	half = "GET / HTTP/1.1\r\nHost: h\r\nX: "
)

func TestPool_ClosesTheConnectionThatWaitsLongest(t *testing.T) {
	w := start(t, connlimit.Bounds{Connections: 3, Memory: plenty}, false)
	first, fresh := w.dial(half), w.dial(half)
	later := w.dial(get)
	w.want("the third", later, "200")
	w.want("one more", w.dial(get), "200")
	w.want("the connection that waits longest", first, "closed")
	io.WriteString(fresh, "y\r\n\r\n")
	w.want("the half header, when it is whole", fresh, "200")
	if got := w.refusals(connlimit.Connections); got != 1 {
		t.Errorf("%d connections were counted as refused, want 1", got)
	}
}

func TestPool_NeverClosesAConnectionWithARequest(t *testing.T) {
	w := start(t, connlimit.Bounds{Connections: 2, Memory: plenty}, false)
	one, two := w.dial(hold), w.dial(hold)
	<-w.held
	<-w.held
	for range 10 {
		w.want("a connection too many", w.dial(get), "closed")
	}
	close(w.release)
	w.want("the first request", one, "200")
	w.want("the second request", two, "200")
	// The server learns that a connection is idle after the client has got its response.
	for deadline := time.Now().Add(20 * time.Second); answer(w.dial(get)) != "200"; {
		if time.Now().After(deadline) {
			t.Fatal("when the requests have ended: a connection is refused, want 200")
		}
	}
}

func TestPool_ServesRequestsWhileOthersOpenConnections(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		w := start(t, connlimit.Bounds{Connections: 20, Memory: plenty}, encrypted)
		for range 50 {
			for _, text := range []string{"", half, "G"} {
				conn, err := net.Dial("tcp", w.address)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				io.WriteString(conn, text)
			}
			w.want("a login meanwhile", w.dial(get), "200")
		}
	}
}

func TestHeader_WithTooManyLinesGets431(t *testing.T) {
	w := start(t, connlimit.Bounds{Connections: 10, Memory: plenty}, false)
	lines := func(n int) string { return "GET / HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("a:\r\n", n) }
	w.want("98 lines more", w.dial(lines(98)+"\r\n"), "200")
	w.want("99 lines more", w.dial(lines(99)+"\r\n"), "431")
	w.want("100,000 lines without an end", w.dial(lines(100_000)), "431")
	conn := w.dial(get)
	w.want("the first request of a connection", conn, "200")
	io.WriteString(conn, lines(99)+"\r\n")
	w.want("the second request", conn, "431")
	body := w.dial("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n" + strings.Repeat("\n", 5000))
	w.want("lines in a body", body, "200")
	if got := w.refusals(connlimit.Headers); got != 3 {
		t.Errorf("%d headers were counted as refused, want 3", got)
	}
}

func TestHeader_TakesMemoryWhileItIsRead(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		w := start(t, connlimit.Bounds{Connections: 10, Memory: 4 * connlimit.Cost}, encrypted)
		large := "GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 400_000) + "\r\n\r\n"
		w.want("a header that does not fit", w.dial(large), "closed")
		if w.refusals(connlimit.Memory) == 0 {
			t.Errorf("encrypted %t: no refusal was counted for memory", encrypted)
		}
		small := w.dial(get)
		w.want("a small one after it", small, "200")
		small.Close()
		w.empty()
	}
}

func TestPool_ReturnsEverything(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		w := start(t, connlimit.Bounds{Connections: 100, Memory: plenty}, encrypted)
		conns := []net.Conn{
			w.dial(""), w.dial(half), w.dial(get), w.dial(get + get + hold), w.dial("nonsense\r\n\r\n"),
			w.dial("GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 50_000) + "\r\n\r\n"),
		}
		<-w.held
		for _, conn := range conns {
			conn.Close()
		}
		close(w.release)
		w.empty()
	}
}
