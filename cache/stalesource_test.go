package cache_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
)

// lastGood is a source that fails and has the last good document.
type lastGood struct{ readAt time.Time }

func (s lastGood) Lookup(context.Context, enrich.Query) (enrich.Document, error) {
	return enrich.Document{JSON: []byte(`{}`), ReadAt: s.readAt, Stale: true}, nil
}

// Fine print: "stale_for: 0s: a refresh never uses an older entry", a source's
// own last good document neither. A login may have it while its age allows.
func TestWithoutStaleForARefreshTakesNoSourcesLastGoodDocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := lastGood{time.Now()}
		time.Sleep(time.Minute)
		strict := open(t, cache.Options{}).Source(src, "")
		if doc, err := strict.Lookup(t.Context(), login(anna)); err != nil || !doc.Stale {
			t.Errorf("a login: %+v, %v; want the last good document, stale", doc, err)
		}
		if doc, err := strict.Lookup(t.Context(), refresh(anna)); err == nil {
			t.Errorf("a refresh: %+v, want an error", doc)
		}
		lenient := open(t, cache.Options{StaleFor: time.Hour}).Source(src, "")
		if doc, err := lenient.Lookup(t.Context(), refresh(anna)); err != nil || !doc.Stale {
			t.Errorf("a refresh with stale_for: %+v, %v; want the last good document, stale", doc, err)
		}
	})
}
