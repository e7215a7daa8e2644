package sockets_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/sockets"
)

// pair returns both ends of a connection. The first one is bounded.
func pair(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	config := net.ListenConfig{Control: sockets.Bound}
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if theirs, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { theirs.Close() })
	if ours, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close() })
	sockets.BoundAccepted(ours.(*net.TCPConn))
	return ours, theirs
}

// stall lets a peer read much, so that the kernel's buffers grow, and then nothing. It
// returns how many bytes the writer could write after that.
func stall(t *testing.T, writer, reader net.Conn) (buffered int) {
	t.Helper()
	const much = 64 << 20
	read := make(chan error, 1)
	go func() {
		_, err := io.CopyN(io.Discard, reader, much)
		read <- err
	}()
	chunk, written := make([]byte, 32<<10), 0
	for {
		writer.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
		n, err := writer.Write(chunk)
		written += n
		if errors.Is(err, os.ErrDeadlineExceeded) && written >= much {
			break
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
	}
	if err := <-read; err != nil {
		t.Fatal(err)
	}
	return written - much
}

func TestBound_BoundsWhatAStalledPeerLeavesInTheKernel(t *testing.T) {
	ours, theirs := pair(t)
	// The kernel of the peer keeps what it received; only the rest is in our kernel.
	theirs.(*net.TCPConn).SetReadBuffer(64 << 10)
	if got := stall(t, ours, theirs); got > 512<<10 {
		t.Errorf("with a peer that does not read: %d bytes are buffered, want at most 512 KiB", got)
	}
}

func TestBound_BoundsWhatIsNotRead(t *testing.T) {
	dialer := net.Dialer{Control: sockets.Bound}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ours, err := dialer.DialContext(context.Background(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	theirs, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	theirs.(*net.TCPConn).SetWriteBuffer(64 << 10)
	if got := stall(t, theirs, ours); got > 768<<10 {
		t.Errorf("while we do not read: %d bytes are buffered, want at most 768 KiB", got)
	}
}
