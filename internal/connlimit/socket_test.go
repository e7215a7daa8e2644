package connlimit

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A lazyPipe is a socket of which the connection is one end of a pipe: its deadlines follow
// the clock of a synctest bubble.
type lazyPipe struct {
	net.Conn
	reads, writes deadline
}

func newLazyPipe() (ours *lazyPipe, theirs net.Conn) {
	conn, theirs := net.Pipe()
	return &lazyPipe{conn, deadline{give: conn.SetReadDeadline}, deadline{give: conn.SetWriteDeadline}}, theirs
}

func (p *lazyPipe) Read(b []byte) (int, error)  { return p.reads.read(p.Conn, b) }
func (p *lazyPipe) Write(b []byte) (int, error) { return p.writes.write(p.Conn, b) }

// A move sets a deadline at a time. The zero deadline is none.
type move struct{ at, to time.Duration }

type moves []move

// randomMoves returns moves within the first 100 ms, and a last one that ends everything. No two
// things happen at the same time.
func randomMoves(random *rand.Rand) (m moves) {
	for at := random.IntN(12); at < 33; at += 1 + random.IntN(12) {
		m = append(m, move{at: time.Duration(3*at+1) * time.Millisecond})
		if random.IntN(5) > 0 {
			m[len(m)-1].to = time.Duration(3*random.IntN(40)+2) * time.Millisecond
		}
	}
	return append(m, move{at: 301 * time.Millisecond, to: time.Millisecond})
}

// endings returns when four reads or writes end that start 30 ms from each other, or when the
// one before has ended.
func (m moves) endings(set func(time.Time), use func() error) (ends []time.Duration) {
	began := time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range time.Duration(4) {
			time.Sleep(time.Until(began.Add(30 * i * time.Millisecond)))
			if err := use(); !errors.Is(err, os.ErrDeadlineExceeded) {
				panic(err)
			}
			ends = append(ends, time.Since(began))
		}
	}()
	for _, move := range m {
		time.Sleep(time.Until(began.Add(move.at)))
		if move.to == 0 {
			set(time.Time{})
		} else {
			set(began.Add(move.to))
		}
	}
	<-done
	return ends
}

// However deadlines are moved, a socket ends reads and writes at the same time as the connection
// below it would.
func TestSocket_MissesNoDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		one := make([]byte, 1)
		for range 2000 {
			m := randomMoves(random)
			plain, _ := net.Pipe()
			want := m.endings(func(t time.Time) { plain.SetDeadline(t) }, func() error { _, err := plain.Read(one); return err })
			read, _ := newLazyPipe()
			written, _ := newLazyPipe()
			exact, _ := newLazyPipe()
			exact.reads.exact()
			for name, got := range map[string][]time.Duration{
				"reads":               m.endings(read.reads.set, func() error { _, err := read.Read(one); return err }),
				"writes":              m.endings(written.writes.set, func() error { _, err := written.Write(one); return err }),
				"reads without retry": m.endings(exact.reads.set, func() error { _, err := exact.Conn.Read(one); return err }),
			} {
				if !slices.Equal(got, want) {
					t.Fatalf("%s with deadlines set to %v end at %v, want %v", name, m, got, want)
				}
			}
		}
	})
}

func TestSocket_WritesPastADeadlineThatWasMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, peer := newLazyPipe()
		s.writes.set(time.Now().Add(2 * time.Second))
		received := make(chan string)
		go func() {
			b := make([]byte, 10)
			io.ReadFull(peer, b[:4])
			s.writes.set(time.Now().Add(time.Minute))
			time.Sleep(3 * time.Second)
			io.ReadFull(peer, b[4:])
			received <- string(b)
		}()
		if n, err := s.Write([]byte("0123456789")); n != 10 || err != nil {
			t.Errorf("got %d bytes, %v, want 10", n, err)
		}
		if got := <-received; got != "0123456789" {
			t.Errorf("the peer got %q, want 0123456789", got)
		}
	})
}

// That is what makes it cheap.
func TestSocket_GivesNoLaterDeadline(t *testing.T) {
	s, peer := newLazyPipe()
	given, give := 0, s.reads.give
	s.reads.give = func(t time.Time) error {
		given++
		return give(t)
	}
	go io.WriteString(peer, "0123456789")
	for i := range 10 {
		s.reads.set(time.Now().Add(time.Duration(1+i) * time.Hour))
		s.Read(make([]byte, 1))
	}
	if given != 1 {
		t.Errorf("the connection got %d deadlines for 10 reads, want 1", given)
	}
}

// A copy by the kernel has the deadlines, too, whether they are set before it or during it.
func TestSocket_CopiesUntilTheDeadline(t *testing.T) {
	for range 20 {
		s := tcpSocket(t)
		ended := make(chan error)
		go func() {
			_, err := s.WriteTo(io.Discard)
			ended <- err
		}()
		go func() {
			_, err := s.ReadFrom(endless{})
			ended <- err
		}()
		s.SetDeadline(time.Unix(1, 0))
		for range 2 {
			if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("got %v, want a timeout", err)
			}
		}
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// tcpSocket returns a socket whose peer neither sends nor reads anything.
func tcpSocket(t *testing.T) *socket {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	s := newSocket(conn.(*net.TCPConn))
	return &s
}

func TestSocket_SaysWhenItIsClosed(t *testing.T) {
	s, peer := newLazyPipe()
	peer.Close()
	if _, err := s.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("a read after the peer has closed: got %v, want EOF", err)
	}
	s.Conn.Close()
	s.writes.set(time.Unix(1, 0))
	if n, err := s.Write([]byte("x")); n != 0 || err == nil {
		t.Errorf("a write after Close: got %d, %v, want an error", n, err)
	}
}
