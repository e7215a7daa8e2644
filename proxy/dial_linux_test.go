package proxy_test

import (
	"fmt"
	"net"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy"
)

// A backend that does not accept a connection is unreachable (502), even if connecting
// timed out. It is not 504.
func TestBackend_Is502IfConnectingTimesOut(t *testing.T) {
	address := unresponsiveListener(t)
	f := start(t, &url.URL{Scheme: "http", Host: address}, setup{options: func(o *proxy.Options) { o.Timeouts.Dial = 100 * time.Millisecond }})
	res, body := f.ask(t, login)
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 502, "urn:tokengraft:backend-unreachable")
}

// unresponsiveListener returns the address of a listener whose queue is full, so that
// the system does not answer new connections.
func unresponsiveListener(t *testing.T) (address string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address = fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	for range 10 {
		conn, err := net.DialTimeout("tcp", address, 100*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { conn.Close() })
	}
	t.Skip("this system accepts every connection, so a full queue cannot be tested")
	return ""
}
