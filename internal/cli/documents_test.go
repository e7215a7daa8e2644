package cli

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

func (c closing) isClosed() bool {
	synctest.Wait()
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// leftDocuments are documents that one request needs when a reload replaces them.
func leftDocuments(t *testing.T) (*sidecar, *documents, closing) {
	c := closing{make(chan struct{})}
	s, d := &sidecar{logger: quiet()}, &documents{source: c, users: newUsers(), longest: time.Minute}
	if !d.users.enter() {
		t.Fatal("nobody may enter")
	}
	return s, d, c
}

func TestDocumentsLeaveWithTheLastWhoNeedsThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d, c := leftDocuments(t)
		s.giveUp(t.Context(), d)
		if _, err := d.Lookup(t.Context(), enrich.Query{}); !errors.Is(err, enrich.ErrNoDocument) || c.isClosed() {
			t.Errorf("a lookup of a request under way: %v, closed %v", err, c.isClosed())
		}
		d.users.leave()
		if !c.isClosed() {
			t.Error("the source stays open")
		}
		if _, err := d.Lookup(t.Context(), enrich.Query{}); !errors.Is(err, errReplaced) {
			t.Errorf("a lookup that comes too late: %v", err)
		}
		s.leaving.Wait()
	})
}

// TestDocumentsDoNotWaitForWhoNeedsNone, such as a WebSocket that lasts for days.
func TestDocumentsDoNotWaitForWhoNeedsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d, c := leftDocuments(t)
		s.giveUp(t.Context(), d)
		time.Sleep(time.Minute)
		if c.isClosed() {
			t.Error("closed at once after timeouts.response, when documents may still be looked up")
		}
		time.Sleep(lookupGrace)
		if !c.isClosed() {
			t.Error("the source stays open")
		}
		d.users.leave()
	})
}

func TestDocumentsAreClosedWhenTheProcessEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d, c := leftDocuments(t)
		ctx, stop := context.WithCancel(t.Context())
		s.giveUp(ctx, d)
		stop()
		if !c.isClosed() {
			t.Error("the source stays open")
		}
	})
}
