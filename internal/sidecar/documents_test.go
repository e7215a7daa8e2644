package sidecar

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// fakeSource is a source that reports when it is closed.
type fakeSource struct{ closed chan struct{} }

func (f fakeSource) Lookup(context.Context, enrich.Query) (enrich.Document, error) {
	return enrich.Document{}, enrich.ErrNoDocument
}
func (f fakeSource) Check(context.Context) error                     { return nil }
func (f fakeSource) Watch(context.Context, enrich.Invalidator) error { return nil }
func (f fakeSource) Close(context.Context) error                     { close(f.closed); return nil }
func (f fakeSource) remote() bool                                    { return true }

func (f fakeSource) isClosed() bool {
	synctest.Wait()
	select {
	case <-f.closed:
		return true
	default:
		return false
	}
}

// retiring returns documents that one request uses when a reload replaces them.
func retiring(t *testing.T) (*Sidecar, *documents, fakeSource) {
	source := fakeSource{make(chan struct{})}
	s, d := &Sidecar{o: Options{}.withDefaults()}, &documents{source: source, uses: newRefcount(), longest: time.Minute}
	if !d.uses.acquire() {
		t.Fatal("acquire = false before close, want true")
	}
	return s, d, source
}

func TestDocuments_CloseAfterTheLastUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d, source := retiring(t)
		s.retire(t.Context(), &generation{documents: d}, &generation{})
		if _, err := d.Lookup(t.Context(), enrich.Query{}); !errors.Is(err, enrich.ErrNoDocument) || source.isClosed() {
			t.Errorf("lookup of a request in flight: error %v, source closed: %v; want ErrNoDocument and false", err, source.isClosed())
		}
		d.uses.release()
		if !source.isClosed() {
			t.Error("the source is open, want it closed")
		}
		if _, err := d.Lookup(t.Context(), enrich.Query{}); !errors.Is(err, errReplaced) {
			t.Errorf("lookup after the last user: error %v, want errReplaced", err)
		}
		s.closing.Wait()
	})
}

// A WebSocket may last for days, but looks up no documents after timeouts.response.
func TestDocuments_DoNotWaitForLongRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d, source := retiring(t)
		s.retire(t.Context(), &generation{documents: d}, &generation{})
		time.Sleep(time.Minute)
		if source.isClosed() {
			t.Error("the source is closed right after timeouts.response, want it open while documents may be looked up")
		}
		time.Sleep(lookupGrace)
		if !source.isClosed() {
			t.Error("the source is open, want it closed")
		}
		d.uses.release()
	})
}

func TestDocuments_CloseWhenTheProcessEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d, source := retiring(t)
		ctx, stop := context.WithCancel(t.Context())
		s.retire(ctx, &generation{documents: d}, &generation{})
		stop()
		if !source.isClosed() {
			t.Error("the source is open, want it closed")
		}
	})
}
