package http1_test

import (
	"context"
	"net"
	"testing"
	"time"
)

// A backend that is overloaded can answer a connection before it has a request.
func TestRoundTrip_TakesTheAnswerOfABackendThatRefusesAtOnce(t *testing.T) {
	b := startBackend(t, func(p *peer) {
		p.send("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbusy")
		p.request()
	})
	transport := b.transport()
	arrived := watch(transport)
	dial := transport.Dial
	transport.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err == nil {
			arrived.wait(t, len("HTTP/1.1 503"))
		}
		return c, err
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for range 2 {
		res, err := transport.RoundTrip(b.newRequest(t, ctx, "GET", nil))
		if err != nil || res.StatusCode != 503 {
			t.Fatalf("got %v, %v, want 503", res, err)
		}
		res.Body.Close()
	}
	if n := b.conns.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}
