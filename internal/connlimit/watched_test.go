package connlimit

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// A watched is a connection in a pool, and what a server does with it. The kernel is not part
// of it, so these tests use the clock of a synctest bubble.
type watched struct {
	*testing.T
	pool *Pool
	conn *conn
	peer net.Conn
	ctx  context.Context // of the connection
}

func newWatched(t *testing.T) *watched {
	w := &watched{T: t, pool: New(Options{Bounds: Bounds{Connections: 10, Memory: 1 << 30}, Lines: 100})}
	pipe, peer := newLazyPipe()
	w.peer, w.conn = peer, &conn{pool: w.pool, peer: w.pool.peers.enter(balancer)}
	ctx, cancel := context.WithCancel(t.Context())
	w.ctx = ctx
	w.conn.watch = watch{socket: pipe, deadline: &pipe.reads, cancel: cancel}
	w.pool.take(w.conn, share{1, Cost})
	w.pool.setState(w.conn, http.StateIdle)
	w.conn.reading.Store(true)
	return w
}

// startRequest does what net/http does when it has read a request: it also reads one byte in
// the background.
func (w *watched) startRequest() (read int) {
	w.Helper()
	w.pool.connState(w.conn, http.StateActive)
	n, err := w.conn.watch.Read(make([]byte, 1))
	if err != nil {
		w.Fatalf("the read in the background failed: %v", err)
	}
	return n
}

func (w *watched) endRequest() { w.pool.connState(w.conn, http.StateIdle) }

// send sends text, when it is read.
func (w *watched) send(text string) { go io.WriteString(w.peer, text) }

func (w *watched) wantRead(want string) {
	w.Helper()
	b := make([]byte, len(want))
	if _, err := io.ReadFull(&w.conn.watch, b); string(b) != want {
		w.Errorf("got %q, %v, want %q", b, err, want)
	}
}

func TestWatch_NoticesThatTheClientOfALongRequestIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for phase := range longRequest / time.Millisecond {
			w := newWatched(t)
			w.startRequest() // starts the timer
			time.Sleep(phase * time.Millisecond)
			w.endRequest()
			w.startRequest()
			began := time.Now()
			w.peer.Close()
			for synctest.Wait(); w.ctx.Err() == nil && time.Since(began) < time.Second; synctest.Wait() {
				time.Sleep(time.Millisecond)
			}
			if took := time.Since(began); took < longRequest || took > 2*longRequest {
				t.Errorf("it is noticed after %s, want %s to %s", took, longRequest, 2*longRequest)
			}
		}
	})
}

func TestWatch_LeavesShortRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched(t)
		for range 20 {
			w.startRequest()
			time.Sleep(longRequest - time.Millisecond)
			if w.endRequest(); w.conn.watch.done != nil {
				t.Fatal("a short request has a read of its own")
			}
		}
		time.Sleep(3 * longRequest)
		w.pool.mu.Lock()
		defer w.pool.mu.Unlock()
		if w.pool.serving.armed {
			t.Error("the timer runs while no request is served")
		}
	})
}

// wantByte sends a byte, and wants it from one read.
func (w *watched) wantByte(what string) {
	w.Helper()
	w.send("x")
	if n, err := w.conn.watch.Read(make([]byte, 1)); n != 1 {
		w.Errorf("%s: got %d bytes, %v, want 1", what, n, err)
	}
}

// When the body of a request comes slowly, net/http reads ahead late. No one would look again.
func TestWatch_LeavesLateReadsToTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched(t)
		w.pool.connState(w.conn, http.StateActive)
		time.Sleep(3 * longRequest)
		w.wantByte("in the background of a long request")
		for _, state := range []http.ConnState{http.StateIdle, http.StateHijacked} {
			w.pool.connState(w.conn, http.StateActive) // and net/http does not read ahead
			w.pool.connState(w.conn, state)
			w.wantByte("in a connection that is " + state.String())
		}
	})
}

func TestWatch_LeavesTLSAndHTTP2(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		encrypted, http2 := newWatched(t), newWatched(t)
		encrypted.conn.header.encrypted = true
		http2.conn.http2.Store(true)
		for name, w := range map[string]*watched{"TLS": encrypted, "HTTP/2": http2} {
			w.pool.connState(w.conn, http.StateActive)
			if w.pool.serving.first() != nil {
				t.Errorf("%s: the pool looks for long requests", name)
			}
			w.wantByte(name)
		}
	})
}

// A request that ends does not end the connection, and leaves its deadline and no goroutine.
func TestWatch_EndsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, state := range []http.ConnState{http.StateIdle, http.StateHijacked} {
			w := newWatched(t)
			end := time.Now().Add(time.Hour)
			w.conn.watch.deadline.set(end)
			w.startRequest()
			time.Sleep(3 * longRequest)
			w.pool.connState(w.conn, state)
			synctest.Wait()
			if w.ctx.Err() != nil {
				t.Errorf("%s: the request was canceled", state)
			}
			w.send("next")
			w.wantRead("next")
			if _, err := w.conn.watch.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || !time.Now().Equal(end) {
				t.Errorf("%s: a read ends with %v %s after the deadline, want a timeout at the deadline", state, err, time.Since(end))
			}
			w.peer.Close()
			if synctest.Wait(); w.ctx.Err() != nil {
				t.Errorf("%s: the watch has not ended", state)
			}
		}
	})
}

func TestWatch_KeepsTheByteThatItReadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched(t)
		w.startRequest()
		w.send("hello")
		time.Sleep(3 * longRequest)
		w.endRequest()
		w.wantRead("hello")
	})
}

// net/http can have the next request in its buffer already.
func TestWatch_KeepsTheByteDuringTheNextRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched(t)
		w.startRequest()
		w.send("hello")
		time.Sleep(3 * longRequest)
		w.endRequest()
		read := w.startRequest()
		time.Sleep(3 * longRequest)
		w.endRequest()
		w.wantRead("hello"[read:])
	})
}

func TestPool_ForgetsAConnectionThatIsClosedDuringARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched(t)
		w.startRequest()
		w.pool.drop(w.conn)
		if w.pool.serving.first() != nil {
			t.Error("the pool still has it")
		}
	})
}

// Otherwise the context of the server would keep that of each connection.
func TestPool_EndsTheContextOfAClosedConnection(t *testing.T) {
	p := New(Options{Bounds: Bounds{Connections: 10, Memory: 1 << 30}, Lines: 100})
	server := &http.Server{}
	p.Configure(server)
	c := p.admit(tcpSocket(t).TCPConn)
	ctx := server.ConnContext(t.Context(), c)
	if err := ctx.Err(); err != nil {
		t.Fatalf("before: %v", err)
	}
	c.Close()
	if ctx.Err() == nil {
		t.Error("it has not ended")
	}
}

// The pool looks without a lock that the end of a request takes, so a look can come late.
func TestWatch_LooksTwiceButReadsAheadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched(t)
		w.startRequest()
		w.conn.watch.look()
		w.conn.watch.look()
		synctest.Wait()
		w.send("hello")
		synctest.Wait()
		w.wantRead("hello")
	})
}

func TestWatch_EndsWhenTheServerReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 20 { // otherwise it is chance who gets the first byte
			w := newWatched(t)
			w.startRequest()
			time.Sleep(3 * longRequest)
			read := make(chan struct{})
			go func() {
				defer close(read)
				w.wantRead("hello")
			}()
			synctest.Wait()
			w.send("hello")
			<-read
		}
	})
}
