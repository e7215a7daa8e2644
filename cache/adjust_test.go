package cache_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/cache"
)

func TestAdjust_AppliesToExistingEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource(`{}`)
		c := newCache(t, cache.Options{StaleFor: time.Hour})
		cached := c.Source(source, "")
		wantDocument(t, cached, login(anna), `{}`)
		source.fail(errDown)
		time.Sleep(time.Nanosecond)
		if doc, err := cached.Lookup(t.Context(), refresh(anna)); err != nil || !doc.Stale {
			t.Fatalf("Lookup = %+v, %v; want a stale document", doc, err)
		}
		if err := c.Adjust(cache.Options{MaxBytes: 1 << 10, MissingFor: time.Hour}); err != nil {
			t.Fatal(err)
		}
		if doc, err := cached.Lookup(t.Context(), refresh(anna)); err != errDown {
			t.Errorf("Lookup without StaleFor = %+v, %v; want %v", doc, err, errDown)
		}
		wantDocument(t, cached, login(anna), `{}`) // a login is still a hit
		source.fail(nil)
		wantDocument(t, cached, login(user(1)), "")
		time.Sleep(time.Minute)
		reads := source.reads()
		wantDocument(t, cached, login(user(1)), "")
		if source.reads() != reads {
			t.Error("the second lookup of a missing document asked the source, want it remembered for the new MissingFor")
		}
		if got := c.Stats().MaxBytes; got != 1<<10 {
			t.Errorf("Stats().MaxBytes = %d, want 1024", got)
		}
	})
}

// After Adjust refreshes make room for the new limit, too.
func TestAdjust_LimitsMemoryOfReloadedDocuments(t *testing.T) {
	const maxBytes = 1 << 20
	c := newCache(t, cache.Options{MaxBytes: maxBytes})
	refreshAll(t, c, `{}`, maxBytes)
	if err := c.Adjust(cache.Options{MaxBytes: maxBytes / 4}); err != nil {
		t.Fatal(err)
	}
	refreshAll(t, c, `{}`, maxBytes/4)
}

func TestAdjust_RefusesWrongOptions(t *testing.T) {
	c := newCache(t, cache.Options{MaxBytes: 1 << 20})
	if err := c.Adjust(cache.Options{MaxBytes: -1}); err == nil || c.Stats().MaxBytes != 1<<20 {
		t.Errorf("Adjust with MaxBytes -1 = %v, Stats().MaxBytes = %d; want an error and %d", err, c.Stats().MaxBytes, 1<<20)
	}
}
