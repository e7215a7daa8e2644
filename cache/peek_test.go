package cache_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/cache"
)

func TestPeek_ShowsTheEntryAndCountsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource(`{"a":1}`)
		c := newCache(t, cache.Options{StaleFor: time.Hour, MissingFor: time.Minute})
		cached := c.Source(source, "")
		if entry, ok := cached.Peek(anna); ok {
			t.Errorf("Peek before the first lookup = %+v, want nothing", entry)
		}
		began := time.Now()
		wantDocument(t, cached, login(anna), `{"a":1}`)
		wantDocument(t, cached, login(user(1)), "")
		before := c.Stats()
		entry, ok := cached.Peek(anna)
		if !ok || !entry.ReadAt.Equal(began) || !entry.KeepUntil.Equal(began.Add(life)) || !entry.Usable || entry.Missing || entry.DocumentBytes != 7 || entry.Bytes <= 7 {
			t.Errorf("Peek = %+v, %v; want a usable entry of 7 bytes, read now, for %v", entry, ok, life)
		}
		if entry, ok := cached.Peek(user(1)); !ok || !entry.Missing || !entry.Usable || entry.DocumentBytes != 0 {
			t.Errorf("Peek of a user without a document = %+v, %v; want a missing one", entry, ok)
		}
		if entry, ok := c.Source(source, "another shape").Peek(anna); ok {
			t.Errorf("Peek of another source = %+v, want nothing", entry)
		}
		if after := c.Stats(); after != before {
			t.Errorf("Stats after Peek = %+v, want %+v as before", after, before)
		}
		c.Invalidate("ANNA")
		if entry, ok := cached.Peek(anna); !ok || entry.Usable {
			t.Errorf("Peek after an invalidation = %+v, %v; want an entry that is not usable", entry, ok)
		}
		wantDocument(t, cached, login(anna), `{"a":1}`)
		time.Sleep(life + time.Second)
		if entry, ok := cached.Peek(anna); !ok || entry.Usable {
			t.Errorf("Peek after the token has expired = %+v, %v; want an entry that is not usable, for stale_for", entry, ok)
		}
		wantReads(t, source, 3)
	})
}
