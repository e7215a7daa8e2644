package connlimit_test

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/connlimit"
)

// dialFrom opens a connection from a loopback address, and sends text.
func (w *world) dialFrom(address, text string) net.Conn {
	w.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	conn, err := dialer.Dial("tcp", w.address)
	if err != nil {
		w.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	w.Cleanup(func() { conn.Close() })
	io.WriteString(conn, text) // that the server closes it is an error in some tests only
	return conn
}

// awaitHeld waits for a request for /held.
func (w *world) awaitHeld() {
	w.Helper()
	select {
	case <-w.held:
	case <-time.After(10 * time.Second):
		w.Fatal("a request does not arrive")
	}
}

const greedy = "127.0.0.2"

func TestPool_ClosesTheConnectionsOfTheGreediestClient(t *testing.T) {
	w := start(t, connlimit.Bounds{Connections: 30, Memory: plenty}, false)
	slow := []net.Conn{w.dial(half), w.dial(half), w.dial(half)} // they wait longest
	first := w.dialFrom(greedy, half)
	for range 100 {
		w.dialFrom(greedy, half)
	}
	w.want("the first of the client with most", first, "closed")
	for _, conn := range slow {
		io.WriteString(conn, "y\r\n\r\n")
		w.want("a slow header of a client with few connections", conn, "200")
	}
}

// The greediest client has requests in all its connections, so none can be closed.
func TestPool_LeavesRoomForOtherClients(t *testing.T) {
	w := start(t, connlimit.Bounds{Connections: 50, Memory: plenty}, false)
	idle := w.dial(get)
	w.want("a client", idle, "200")
	for range 39 { // four times what then is free
		w.dialFrom(greedy, hold)
		w.awaitHeld()
	}
	w.want("one more of the client with most", w.dialFrom(greedy, get), "closed")
	for range 5 {
		w.want("another client", w.dialFrom("127.0.0.3", get), "200")
	}
	io.WriteString(idle, get)
	w.want("the idle connection", idle, "200")
	close(w.release)
}

func TestPool_OnlyClientMayHaveAllConnections(t *testing.T) {
	w := start(t, connlimit.Bounds{Connections: 50, Memory: plenty}, false)
	for range 50 {
		w.dial(hold)
		w.awaitHeld()
	}
	w.want("one too many", w.dial(get), "closed")
	close(w.release)
}

// Memory is divided like connections.
func TestHeader_OfTheGreediestClientLeavesMemory(t *testing.T) {
	w := start(t, connlimit.Bounds{Connections: 1000, Memory: 100 * connlimit.Cost}, false)
	w.want("a client", w.dial(get), "200")
	large := half + string(fill(60_000))
	for range 100 {
		w.dialFrom(greedy, large)
	}
	for range 10 {
		w.want("another client", w.dial(get), "200")
	}
	w.want("another header of 60 KB", w.dial(half+string(fill(60_000))+"\r\n\r\n"), "200")
}

func fill(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'x'
	}
	return b
}

// Where each client has few connections, all are equal.
func TestPool_ClosesTheLongestWaitingOfManySmallClients(t *testing.T) {
	w := start(t, connlimit.Bounds{Connections: 20, Memory: plenty}, false)
	first := w.dialFrom("127.0.1.1", half)
	for i := range 60 {
		w.dialFrom(fmt.Sprintf("127.0.2.%d", i+1), half)
		w.want("a request meanwhile", w.dial(get), "200")
	}
	w.want("the connection that waits longest", first, "closed")
}

func TestPool_ForgetsClientsWithoutConnections(t *testing.T) {
	w := start(t, connlimit.Bounds{Connections: 20, Memory: plenty}, false)
	for i := range 30 {
		conn := w.dialFrom(fmt.Sprintf("127.0.2.%d", i+1), get)
		w.want("a request", conn, "200")
		conn.Close()
	}
	w.empty()
	if n := w.pool.Peers(); n != 0 {
		t.Errorf("the pool knows %d clients, want none", n)
	}
}
