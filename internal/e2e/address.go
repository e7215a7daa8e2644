package e2e

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// An Address is a host and a port where somebody speaks HTTP.
type Address string

// FreeAddress returns an address at which nobody listens, for a sidecar whose
// configuration or backend has to know it.
func FreeAddress(t testing.TB) Address {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return Address(listener.Addr().String())
}

// URL returns the URL of a path there.
func (a Address) URL(path string) string { return "http://" + string(a) + path }

// A Reply is what a client gets.
type Reply struct {
	Status int
	Header http.Header
	Body   string
}

// client leaves everything as it comes: no redirect is followed, no body
// unpacked.
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

// Ask is Try, and fails the test if there is no whole reply. It belongs into the
// test's own goroutine.
func (a Address) Ask(t testing.TB, method, target, body string, lines ...string) Reply {
	t.Helper()
	reply, err := a.Try(method, target, body, lines...)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

// Get returns the body of what is at a path, whatever the status.
func (a Address) Get(t testing.TB, path string) string {
	t.Helper()
	return a.Ask(t, http.MethodGet, path, "").Body
}

// Dial opens a connection that lives for 20 seconds at most.
func (a Address) Dial() (*net.TCPConn, error) {
	conn, err := net.Dial("tcp", string(a))
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), conn.SetDeadline(time.Now().Add(20 * time.Second))
}

// Send writes bytes as they are, and returns everything that comes back until
// the other side closes the connection. That it does not is an error; that it
// resets the connection is none.
func (a Address) Send(text string) (answers string, err error) {
	conn, err := a.Dial()
	if err != nil {
		return "", err
	}
	defer conn.Close()
	go io.WriteString(conn, text) // the answer may come before the end of it
	all, err := io.ReadAll(conn)
	if IsTimeout(err) {
		return string(all), fmt.Errorf("%.60q left the connection open: %w", text, err)
	}
	return string(all), nil
}

// IsTimeout reports whether somebody waited in vain.
func IsTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
