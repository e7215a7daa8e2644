package http1_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// A request that waits for a new connection takes one that becomes unused meanwhile: the
// backend may accept none, and still answer on those it has.
func TestConnections_ThatBecomeUnusedServeWhoWaits(t *testing.T) {
	release := make(chan struct{})
	b := startBackend(t, func(p *peer) {
		for first := true; p.request() != nil; first = false {
			p.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n")
			if first {
				<-release
			}
			p.send("x")
		}
	})
	transport := b.transport()
	var dials atomic.Int32
	dialing := make(chan struct{})
	transport.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials.Add(1) > 1 {
			close(dialing)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	first, err := transport.RoundTrip(b.newRequest(t, t.Context(), "GET", http.NoBody))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		b.want(t, transport, "x")
	}()
	within(t, "the second connection", dialing)
	close(release)
	io.ReadAll(first.Body)
	within(t, "the second response", served)
	if b.conns.Load() != 1 || dials.Load() != 2 {
		t.Errorf("%d connections after %d attempts, want 1 after 2", b.conns.Load(), dials.Load())
	}
}

// A connection that is made too late is kept for the next request.
func TestConnections_ThatAreMadeTooLateAreKept(t *testing.T) {
	b := startBackend(t, func(p *peer) { // which closes a connection with the second response
		p.request()
		p.send(okay)
		p.request()
		p.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
	})
	transport := b.transport()
	late := make(chan struct{})
	var dials atomic.Int32
	transport.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		switch dials.Add(1) {
		case 1:
			return new(net.Dialer).DialContext(ctx, network, address)
		case 2:
			late <- struct{}{}
			<-late
			return new(net.Dialer).DialContext(context.WithoutCancel(ctx), network, address)
		}
		<-ctx.Done() // if the third request is faster than the second connection, it waits for that
		return nil, ctx.Err()
	}
	first, err := transport.RoundTrip(b.newRequest(t, t.Context(), "GET", nil))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		b.want(t, transport, "ok")
	}()
	<-late
	io.ReadAll(first.Body) // frees the first connection
	within(t, "the second response", served)
	close(late)
	third := make(chan struct{})
	go func() {
		defer close(third)
		b.want(t, transport, "ok")
	}()
	within(t, "the third response", third)
}

// A connection that becomes unused, but has been closed by the backend, serves no one.
func TestConnections_ThatAreClosedServeNobodyWhoWaits(t *testing.T) {
	release := make(chan struct{})
	b := startBackend(t, func(p *peer) {
		if r := p.request(); r != nil {
			io.Copy(io.Discard, r.Body)
		}
		p.send(okay)
		<-release
	})
	transport := b.transport()
	arrived := watch(transport)
	var dials atomic.Int32
	dialing, proceed, dial := make(chan struct{}), make(chan struct{}), transport.Dial
	transport.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials.Add(1) > 1 {
			close(dialing)
			<-proceed
		}
		return dial(ctx, network, address)
	}
	first, err := transport.RoundTrip(b.newRequest(t, t.Context(), "GET", nil))
	if err != nil {
		t.Fatal(err)
	}
	second := make(chan error)
	go func() { // it is sent while its body arrives, and therefore not again
		_, err := transport.RoundTrip(b.newRequest(t, t.Context(), "POST", strings.NewReader("a")))
		second <- err
	}()
	within(t, "the second connection", dialing)
	close(release)
	arrived.wait(t, 1) // for the end of the first connection
	io.ReadAll(first.Body)
	close(proceed)
	if err := <-second; err != nil {
		t.Errorf("%v, want a response on the second connection", err)
	}
}
