package sidecar

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// closing is a source that says when it is closed.
type closing struct{ closed chan struct{} }

func (c closing) Lookup(context.Context, enrich.Query) (enrich.Document, error) {
	return enrich.Document{}, enrich.ErrNoDocument
}
func (c closing) Check(context.Context) error                     { return nil }
func (c closing) Watch(context.Context, enrich.Invalidator) error { return nil }
func (c closing) Close(context.Context) error                     { close(c.closed); return nil }
func (c closing) remote() bool                                    { return true }

func (c closing) isClosed() bool {
	synctest.Wait()
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// retiring are documents that one request needs when a reload replaces them.
func retiring(t *testing.T) (*Sidecar, *documents, closing) {
	c := closing{make(chan struct{})}
	s, d := &Sidecar{o: Options{}.withDefaults()}, &documents{source: c, users: newRefcount(), longest: time.Minute}
	if !d.users.acquire() {
		t.Fatal("acquire = false before close, want true")
	}
	return s, d, c
}

func TestDocuments_CloseAfterTheLastUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d, c := retiring(t)
		s.retire(t.Context(), d)
		if _, err := d.Lookup(t.Context(), enrich.Query{}); !errors.Is(err, enrich.ErrNoDocument) || c.isClosed() {
			t.Errorf("a lookup of a request in flight: %v, closed %v; want ErrNoDocument, and not closed", err, c.isClosed())
		}
		d.users.release()
		if !c.isClosed() {
			t.Error("the source stays open")
		}
		if _, err := d.Lookup(t.Context(), enrich.Query{}); !errors.Is(err, errReplaced) {
			t.Errorf("a lookup that comes too late: %v, want errReplaced", err)
		}
		s.closing.Wait()
	})
}

// The documents do not wait for requests that need none, such as a WebSocket that lasts for days.
func TestDocuments_DoNotWaitForRequestsThatNeedNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d, c := retiring(t)
		s.retire(t.Context(), d)
		time.Sleep(time.Minute)
		if c.isClosed() {
			t.Error("closed at once after timeouts.response, when documents may still be looked up")
		}
		time.Sleep(lookupGrace)
		if !c.isClosed() {
			t.Error("the source stays open")
		}
		d.users.release()
	})
}

func TestDocuments_CloseWhenTheProcessEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d, c := retiring(t)
		ctx, stop := context.WithCancel(t.Context())
		s.retire(ctx, d)
		stop()
		if !c.isClosed() {
			t.Error("the source stays open")
		}
	})
}
