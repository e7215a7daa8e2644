package e2e

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// An Address is the host and port of an HTTP server.
type Address string

// The system gives ports from lastPort on to outgoing connections, and to listeners
// that do not ask for a port. A test's program starts long after its port was
// chosen, so FreeAddress chooses ports below.
const firstPort, lastPort = 10_000, 32_768

var nextPort atomic.Uint32

func init() { nextPort.Store(rand.Uint32N(lastPort - firstPort)) }

// FreeAddress returns an unused address on loopback, for a program whose address must
// be known before it starts. It does not return an address twice.
func FreeAddress(t testing.TB) Address {
	t.Helper()
	listener := listen(t)
	listener.Close()
	return Address(listener.Addr().String())
}

// listen listens at a port that the system does not give to others. When a test closes such
// a listener, its sidecar still sends requests there. At another port they could reach a
// server of a test that runs at the same time.
func listen(t testing.TB) net.Listener {
	t.Helper()
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", firstPort+nextPort.Add(1)%(lastPort-firstPort))
		if listener, err := net.Listen("tcp", address); err == nil {
			return listener
		}
	}
	t.Fatal("there is no free port")
	return nil
}

// URL returns the URL of a path at the address.
func (a Address) URL(path string) string { return "http://" + string(a) + path }

// A Reply is a response as a client gets it.
type Reply struct {
	Status int
	Header http.Header
	Body   string
}

// client returns responses unchanged: it does not follow redirects and does not
// decompress bodies.
var client = &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64, MaxResponseHeaderBytes: 16 << 20}

// Try sends a request with header lines, "Name: value", and reads the whole
// reply.
func (a Address) Try(method, target, body string, lines ...string) (Reply, error) {
	request, err := http.NewRequest(method, a.URL(target), strings.NewReader(body))
	if err != nil {
		return Reply{}, err
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Add(name, value)
	}
	response, err := client.RoundTrip(request)
	if err != nil {
		return Reply{}, fmt.Errorf("%s %.60s: %w", method, target, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return Reply{response.StatusCode, response.Header, string(text)}, err
}

// Ask is like Try, but fails the test on an error. Call it only in the goroutine of
// the test.
func (a Address) Ask(t testing.TB, method, target, body string, lines ...string) Reply {
	t.Helper()
	reply, err := a.Try(method, target, body, lines...)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

// Get returns the body of a GET request for a path, with any status.
func (a Address) Get(t testing.TB, path string) string {
	t.Helper()
	return a.Ask(t, http.MethodGet, path, "").Body
}

// Dial opens a connection with a deadline in 20 seconds.
func (a Address) Dial() (*net.TCPConn, error) {
	conn, err := net.Dial("tcp", string(a))
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), conn.SetDeadline(time.Now().Add(20 * time.Second))
}

// Send writes bytes to a new connection, and returns all bytes that the other side
// sends until it closes or resets the connection. The error says that it left the
// connection open.
func (a Address) Send(text string) (answers string, err error) {
	conn, err := a.Dial()
	if err != nil {
		return "", err
	}
	defer conn.Close()
	go io.WriteString(conn, text) // the response may come before all of text is written
	all, err := io.ReadAll(conn)
	if IsTimeout(err) {
		return string(all), fmt.Errorf("%.60q left the connection open: %w", text, err)
	}
	return string(all), nil
}

// IsTimeout reports whether an error is a timeout.
func IsTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
