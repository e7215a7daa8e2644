// Package proxytest is a backend for tests of package proxy. A test writes its responses
// byte by byte, so they can have faults that net/http would correct, and omit headers
// that net/http would add. Only tests import it.
package proxytest

import (
	"bufio"
	"net"
	"net/url"
	"sync"
	"testing"
)

// A Backend calls a function of the test for each request. It keeps connections open
// until the function closes them.
type Backend struct {
	URL *url.URL // scheme and host

	answer func(*Request)

	mu       sync.Mutex
	requests []*Request
	conns    []net.Conn
}

// Start returns a backend that calls answer when the header of a request has arrived. On
// each connection it makes one call at a time. The backend is closed when the test ends.
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

// RespondWith returns a function for [Start] that reads the body of a request and then
// sends the text.
func RespondWith(text string) func(*Request) {
	return func(r *Request) {
		r.ReadBody()
		r.Send(text)
	}
}

// Requests returns the requests that have arrived so far, in their order.
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
