package connlimit

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// pair returns a socket and its peer.
func pair(t *testing.T) (*socket, *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	peer, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ours, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); peer.Close() })
	s := newSocket(ours.(*net.TCPConn))
	return &s, peer.(*net.TCPConn)
}

const step = 50 * time.Millisecond

func TestSocket_ReadsPastADeadlineThatWasMoved(t *testing.T) {
	s, peer := pair(t)
	s.SetReadDeadline(time.Now().Add(step))
	time.AfterFunc(step/2, func() { s.SetReadDeadline(time.Now().Add(time.Minute)) })
	time.AfterFunc(2*step, func() { io.WriteString(peer, "late") })
	b := make([]byte, 10)
	if n, err := s.Read(b); string(b[:n]) != "late" {
		t.Fatalf("got %q, %v, want late", b[:n], err)
	}
	time.AfterFunc(step, func() { s.SetReadDeadline(time.Unix(1, 0)) })
	began := time.Now()
	if n, err := s.Read(b); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) < step {
		t.Fatalf("a deadline long ago: got %d, %v after %s, want a timeout after %s", n, err, time.Since(began), step)
	}
	s.SetReadDeadline(time.Time{})
	time.AfterFunc(step, func() { io.WriteString(peer, "later") })
	if n, err := s.Read(b); string(b[:n]) != "later" {
		t.Fatalf("without a deadline: got %q, %v, want later", b[:n], err)
	}
}

func TestSocket_WritesPastADeadlineThatWasMoved(t *testing.T) {
	s, peer := pair(t)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	s.SetWriteDeadline(time.Now().Add(step))
	time.AfterFunc(step/2, func() { s.SetWriteDeadline(time.Now().Add(time.Minute)) })
	received := make(chan []byte)
	time.AfterFunc(2*step, func() {
		b, _ := io.ReadAll(peer)
		received <- b
	})
	if n, err := s.Write(sent); n != len(sent) || err != nil {
		t.Fatalf("got %d bytes, %v, want %d", n, err, len(sent))
	}
	s.Close()
	if !bytes.Equal(<-received, sent) {
		t.Fatal("the peer got other bytes than were sent")
	}
}

func TestSocket_StopsAtTheDeadlineThatIsWanted(t *testing.T) {
	s, _ := pair(t)
	for _, by := range []func(time.Time) error{s.SetWriteDeadline, s.SetDeadline} {
		by(time.Now().Add(time.Minute))
		until := time.Now().Add(2 * step)
		by(time.Now().Add(step))
		by(until)
		if _, err := s.Write(make([]byte, 16<<20)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Now().Before(until) {
			t.Fatalf("got %v, %s before the deadline, want a timeout", err, time.Until(until))
		}
	}
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a read after the deadline: got %v, want a timeout", err)
	}
}

// The pool looks without a lock that the end of a request takes, so a look can come late.
func TestWatch_LooksTwiceButReadsAheadOnce(t *testing.T) {
	s, peer := pair(t)
	w := watch{socket: s, cancel: func() { t.Error("the request was canceled") }}
	w.begin()
	b := make([]byte, 5)
	if n, err := w.Read(b[:1]); n != 0 || err != nil {
		t.Fatalf("the read of net/http got %d, %v, want nothing", n, err)
	}
	w.look()
	w.look()
	time.AfterFunc(step, func() { io.WriteString(peer, "hello") })
	s.SetReadDeadline(time.Now().Add(100 * step))
	if _, err := io.ReadFull(&w, b); string(b) != "hello" {
		t.Fatalf("got %q, %v, want hello", b, err)
	}
}
