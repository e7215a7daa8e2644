// Package proxytest is a legacy backend that tests script byte by byte: what
// net/http would put right or add on its own stays as the test wrote it.
// Nothing that is shipped imports it.
package proxytest

import (
	"bufio"
	"net"
	"net/url"
	"sync"
	"testing"
)

// A Backend answers requests by a script. It keeps connections alive, as long
// as the script does not close them.
type Backend struct {
	URL *url.URL

	answer func(*Request)

	mu       sync.Mutex
	requests []*Request
	conns    []net.Conn
}

// Start returns a backend that calls answer with each request whose header has
// arrived, one at a time for each connection. It is closed when the test ends.
func Start(t testing.TB, answer func(*Request)) *Backend {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &Backend{URL: &url.URL{Scheme: "http", Host: listener.Addr().String()}, answer: answer}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			b.mu.Lock()
			b.conns = append(b.conns, conn)
			b.mu.Unlock()
			serving.Go(func() { b.serve(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		b.mu.Lock()
		for _, conn := range b.conns {
			conn.Close()
		}
		b.mu.Unlock()
		serving.Wait()
	})
	return b
}

// Saying returns an answer that is the same text for every request, whose body
// is read first.
func Saying(text string) func(*Request) {
	return func(r *Request) {
		r.ReadBody()
		r.Send(text)
	}
}

// Requests returns the requests that have arrived so far.
func (b *Backend) Requests() []*Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]*Request(nil), b.requests...)
}

func (b *Backend) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		r, err := readRequest(conn, in)
		if err != nil {
			return
		}
		b.mu.Lock()
		b.requests = append(b.requests, r)
		b.mu.Unlock()
		b.answer(r)
	}
}
