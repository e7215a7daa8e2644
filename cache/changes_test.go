package cache_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
)

// evictions are all the ways to say that anna's document changed.
var evictions = map[string]func(*cache.Cache){
	"by user id":               func(c *cache.Cache) { c.Invalidate("anna") },
	"by user id in capitals":   func(c *cache.Cache) { c.Invalidate("ANNA") },
	"by Document.ID":           func(c *cache.Cache) { c.Invalidate("id of anna") },
	"as one of several":        func(c *cache.Cache) { c.Invalidate("bert", "anna", "carl") },
	"because changes may lack": func(c *cache.Cache) { c.InvalidateAll() },
}

func TestChangeEvictsAtOnce(t *testing.T) {
	for name, evict := range evictions {
		t.Run(name, func(t *testing.T) {
			from := shelve(`{"n":1}`)
			c := open(t, cache.Options{StaleFor: time.Hour})
			src := c.Source(from, "")
			wants(t, src, login(anna), `{"n":1}`)
			from.put(anna, `{"n":2}`)
			evict(c)
			wants(t, src, login(anna), `{"n":2}`)
			wants(t, src, login(anna), `{"n":2}`)
			wantReads(t, from, 2)

			evict(c)
			from.fail(errDown)
			if doc, err := src.Lookup(t.Context(), login(anna)); err != errDown {
				t.Errorf("an evicted document stood in: %s, %v; want %v", doc.JSON, err, errDown)
			}
		})
	}
}

func TestChangeOfOneUserLeavesTheOthers(t *testing.T) {
	const users = 100
	from := shelve(`{}`)
	c := open(t, cache.Options{})
	src := c.Source(from, "")
	user := func(n int) enrich.User { return enrich.User{ID: strconv.Itoa(n)} }
	for n := range users {
		from.put(user(n), `{}`)
		wants(t, src, login(user(n)), `{}`)
	}
	c.Invalidate("anna")
	for n := range users {
		wants(t, src, login(user(n)), `{}`)
	}
	if got := from.read() - users; got > 0 {
		t.Errorf("%d of %d users were read again, want none", got, users)
	}
}

// Tags share stripes, and changes of the same time come in any order: none is
// ever forgotten, and one change concerns nobody else.
func TestTagsThatShareAStripeForgetNoChange(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		var s cache.Stripe
		last := map[uint64]uint64{}
		numbers := r.Perm(12)
		for i, n := range numbers {
			tag, v := 1+r.Uint64N(4), uint64(n+1)
			s.Changed(tag, v)
			last[tag] = max(last[tag], v)
			for tag := range uint64(6) {
				for at := range uint64(14) {
					switch since := s.Since(tag, at); {
					case last[tag] > at && !since:
						t.Fatalf("seed %d: the change of %d at %d is forgotten after %v", seed, tag, last[tag], numbers[:i+1])
					case i == 0 && since && last[tag] == 0:
						t.Fatalf("seed %d: a change of another tag concerns %d", seed, tag)
					}
				}
			}
		}
	}
}

func TestLoadUnderWayWhenTheChangeComesNeverLands(t *testing.T) {
	for name, evict := range evictions {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from := shelve(`{"n":1}`)
				from.takes = 10 * time.Millisecond
				c := open(t, cache.Options{})
				src := c.Source(from, "")
				time.AfterFunc(5*time.Millisecond, func() {
					from.put(anna, `{"n":2}`)
					evict(c)
				})
				wants(t, src, login(anna), `{"n":2}`)
				wants(t, src, login(anna), `{"n":2}`)
				wantReads(t, from, 2)
			})
		})
	}
}

func TestChangeEndsTheMemoryOfNoDocument(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := shelve("")
		from.takes = 10 * time.Millisecond
		c := open(t, cache.Options{MissingFor: time.Hour})
		src := c.Source(from, "")
		wants(t, src, login(anna), "")
		wants(t, src, login(anna), "")
		wantReads(t, from, 1)
		from.put(anna, `{"n":1}`)
		c.Invalidate("anna")
		wants(t, src, login(anna), `{"n":1}`)

		c.Invalidate("anna")
		from.put(anna, "")
		time.AfterFunc(5*time.Millisecond, func() {
			from.put(anna, `{"n":2}`)
			c.Invalidate("anna")
		})
		wants(t, src, login(anna), `{"n":2}`)
	})
}

func TestDocumentThatKeepsChangingIsReadThreeTimesAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := shelve(`{}`)
		from.takes = 10 * time.Millisecond
		c := open(t, cache.Options{StaleFor: time.Hour})
		changing := time.NewTicker(from.takes / 2)
		defer changing.Stop()
		go func() {
			for range 10 {
				<-changing.C
				c.Invalidate("anna")
			}
		}()
		if doc, err := c.Source(from, "").Lookup(t.Context(), login(anna)); err == nil {
			t.Errorf("Lookup = %s, want an error", doc.JSON)
		}
		wantReads(t, from, 3)
		if got := c.Stats().Entries; got != 0 {
			t.Errorf("%d entries, want none that was evicted before it landed", got)
		}
		time.Sleep(time.Second) // to the end of the changes
	})
}

func TestNoDocumentIsRememberedForMissingFor(t *testing.T) {
	for name, tt := range map[string]struct {
		missingFor, after time.Duration
		reads             int
	}{
		"within":       {5 * time.Second, 5 * time.Second, 1},
		"past":         {5 * time.Second, 5*time.Second + 1, 2},
		"never":        {0, 0, 2},
		"token's life": {2 * life, life + 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from := shelve("")
				src := open(t, cache.Options{MissingFor: tt.missingFor, StaleFor: time.Hour}).Source(from, "")
				wants(t, src, login(anna), "")
				time.Sleep(tt.after)
				q := login(anna)
				q.NotBefore = time.Time{}
				wants(t, src, q, "")
				wantReads(t, from, tt.reads)
			})
		})
	}
}

func TestRefreshReadsThoughNoDocumentIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := shelve("")
		src := open(t, cache.Options{MissingFor: time.Hour}).Source(from, "")
		wants(t, src, login(anna), "")
		time.Sleep(time.Nanosecond)
		from.put(anna, `{}`)
		wants(t, src, refresh(anna), `{}`)
		wants(t, src, login(anna), `{}`)
		wantReads(t, from, 2)
	})
}

// Whether or not it is remembered that there is none.
func TestRemovedDocumentIsNotServedAfterARefresh(t *testing.T) {
	for name, missingFor := range map[string]time.Duration{"remembered": time.Second, "not remembered": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from := shelve(`{}`)
				src := open(t, cache.Options{MissingFor: missingFor, StaleFor: time.Hour}).Source(from, "")
				wants(t, src, login(anna), `{}`)
				time.Sleep(time.Nanosecond)
				from.put(anna, "")
				wants(t, src, refresh(anna), "")
				wants(t, src, login(anna), "")
				time.Sleep(2 * time.Second)
				wants(t, src, login(anna), "")
				from.fail(errDown)
				time.Sleep(2 * time.Second)
				if doc, err := src.Lookup(t.Context(), login(anna)); err != errDown {
					t.Errorf("Lookup = %s, %v; want %v", doc.JSON, err, errDown)
				}
			})
		})
	}
}
