package cache_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
)

// A lastGoodSource cannot read, and returns its last good document.
type lastGoodSource struct{ readAt time.Time }

func (s lastGoodSource) Lookup(context.Context, enrich.Query) (enrich.Document, error) {
	return enrich.Document{JSON: []byte(`{}`), ReadAt: s.readAt, Stale: true}, nil
}

// With StaleFor zero, a refresh never uses an older entry. The same applies to a source's
// last good document. A login gets that while it is young enough.
func TestStaleFor_ZeroRefusesLastGoodDocumentOnRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cached := lastGoodSource{time.Now()}
		time.Sleep(time.Minute)
		strict := newCache(t, cache.Options{}).Source(cached, "")
		if doc, err := strict.Lookup(t.Context(), login(anna)); err != nil || !doc.Stale {
			t.Errorf("login = %+v, %v; want the last good document, stale", doc, err)
		}
		if doc, err := strict.Lookup(t.Context(), refresh(anna)); err == nil {
			t.Errorf("refresh = %+v, want an error", doc)
		}
		lenient := newCache(t, cache.Options{StaleFor: time.Hour}).Source(cached, "")
		if doc, err := lenient.Lookup(t.Context(), refresh(anna)); err != nil || !doc.Stale {
			t.Errorf("refresh with StaleFor = %+v, %v; want the last good document, stale", doc, err)
		}
	})
}
