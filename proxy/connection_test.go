package proxy_test

import (
	"io"
	"net"
	"testing"

	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// A7: a client that has sent everything, and closes its side, still gets what the backend
// sends then. docker and kubectl attach to containers like this.
func TestUpgrade_ClosesOneSideAtATime(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
		r.WaitClosed()
		r.Send("the end")
		r.Close()
	})
	f := start(t, backend.URL, setup{})
	w := f.dial(t)
	w.send("POST /attach HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
	if res := w.receive("POST"); res.StatusCode != 101 {
		t.Fatalf("got %d, want 101", res.StatusCode)
	}
	w.Conn.(*net.TCPConn).CloseWrite()
	if got, err := io.ReadAll(w.in); string(got) != "the end" {
		t.Errorf("the client read %q, %v; want \"the end\"", got, err)
	}
}

// RFC 9112, section 6.1: the connection of a chunked request closes, also if a response
// before the final one has reached the client.
func TestProtocol_ChunkedRequestClosesItsConnectionAfterEarlyHints(t *testing.T) {
	f, _ := startResponding(t, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"+noContent, setup{})
	w := f.dial(t)
	w.send("POST /first HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
	if early := w.receive("POST"); early.StatusCode != 103 {
		t.Fatalf("got %d, want 103", early.StatusCode)
	}
	if res := w.receive("POST"); res.StatusCode != 204 || !res.Close {
		t.Errorf("got %d, Connection: close %t; want 204, true", res.StatusCode, res.Close)
	}
}
