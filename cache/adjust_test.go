package cache_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/cache"
)

func TestAdjustCountsForWhatIsHeldAlready(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := shelve(`{}`)
		c := open(t, cache.Options{StaleFor: time.Hour})
		src := c.Source(from, "")
		wants(t, src, login(anna), `{}`)
		from.fail(errDown)
		time.Sleep(time.Nanosecond)
		if doc, err := src.Lookup(t.Context(), refresh(anna)); err != nil || !doc.Stale {
			t.Fatalf("Lookup = %+v, %v; want a stale document", doc, err)
		}
		if err := c.Adjust(cache.Options{MaxBytes: 1 << 10, MissingFor: time.Hour}); err != nil {
			t.Fatal(err)
		}
		if doc, err := src.Lookup(t.Context(), refresh(anna)); err != errDown {
			t.Errorf("Lookup without StaleFor = %+v, %v; want %v", doc, err, errDown)
		}
		wants(t, src, login(anna), `{}`) // it is held all the same
		from.fail(nil)
		wants(t, src, login(user(1)), "")
		time.Sleep(time.Minute)
		reads := from.read()
		wants(t, src, login(user(1)), "")
		if from.read() != reads {
			t.Error("a missing document was not remembered for the new MissingFor")
		}
		if got := c.Stats().MaxBytes; got != 1<<10 {
			t.Errorf("MaxBytes = %d", got)
		}
	})
}

func TestAdjustTakesNoWrongOptions(t *testing.T) {
	c := open(t, cache.Options{MaxBytes: 1 << 20})
	if err := c.Adjust(cache.Options{}); err == nil || c.Stats().MaxBytes != 1<<20 {
		t.Errorf("Adjust = %v, MaxBytes %d", err, c.Stats().MaxBytes)
	}
}
