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

// invalidations are all the ways to invalidate anna's document.
var invalidations = map[string]func(*cache.Cache){
	"by user id":               func(c *cache.Cache) { c.Invalidate("anna") },
	"by user id in upper case": func(c *cache.Cache) { c.Invalidate("ANNA") },
	"by Document.ID":           func(c *cache.Cache) { c.Invalidate("id of anna") },
	"as one of several":        func(c *cache.Cache) { c.Invalidate("bert", "anna", "carl") },
	"with all others":          func(c *cache.Cache) { c.InvalidateAll() },
}

func TestInvalidate_EvictsAtOnce(t *testing.T) {
	for name, invalidate := range invalidations {
		t.Run(name, func(t *testing.T) {
			source := newFakeSource(`{"n":1}`)
			c := newCache(t, cache.Options{StaleFor: time.Hour})
			cached := c.Source(source, "")
			wantDocument(t, cached, login(anna), `{"n":1}`)
			source.put(anna, `{"n":2}`)
			invalidate(c)
			wantDocument(t, cached, login(anna), `{"n":2}`)
			wantDocument(t, cached, login(anna), `{"n":2}`)
			wantReads(t, source, 2)

			invalidate(c)
			source.fail(errDown)
			if doc, err := cached.Lookup(t.Context(), login(anna)); err != errDown {
				t.Errorf("Lookup of an invalidated document while the source fails = %s, %v; want %v", doc.JSON, err, errDown)
			}
		})
	}
}

func TestInvalidate_LeavesOtherUsers(t *testing.T) {
	const users = 100
	source := newFakeSource(`{}`)
	c := newCache(t, cache.Options{})
	cached := c.Source(source, "")
	user := func(n int) enrich.User { return enrich.User{ID: strconv.Itoa(n)} }
	for n := range users {
		source.put(user(n), `{}`)
		wantDocument(t, cached, login(user(n)), `{}`)
	}
	c.Invalidate("anna")
	for n := range users {
		wantDocument(t, cached, login(user(n)), `{}`)
	}
	if got := source.reads() - users; got > 0 {
		t.Errorf("after invalidating one user, %d of %d other users were read again, want 0", got, users)
	}
}

// Tags share a stripe, and concurrent invalidations may be added in any order. The stripe
// forgets none of them, and the first one does not affect other tags.
func TestStripe_ForgetsNoInvalidation(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		var s cache.Stripe
		last := map[uint64]uint64{}
		numbers := r.Perm(12)
		for i, number := range numbers {
			tag, n := 1+r.Uint64N(4), uint64(number+1)
			s.Add(tag, n)
			last[tag] = max(last[tag], n)
			for tag := range uint64(6) {
				for at := range uint64(14) {
					switch since := s.Since(tag, at); {
					case last[tag] > at && !since:
						t.Fatalf("seed %d: after invalidations %v, Since(%d, %d) = false, want true: its last is %d", seed, numbers[:i+1], tag, at, last[tag])
					case i == 0 && since && last[tag] == 0:
						t.Fatalf("seed %d: after one invalidation of another tag, Since(%d, %d) = true, want false", seed, tag, at)
					}
				}
			}
		}
	}
}

func TestInvalidate_ReadInProgressIsNotKept(t *testing.T) {
	for name, invalidate := range invalidations {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := newFakeSource(`{"n":1}`)
				source.delay = 10 * time.Millisecond
				c := newCache(t, cache.Options{})
				cached := c.Source(source, "")
				time.AfterFunc(5*time.Millisecond, func() {
					source.put(anna, `{"n":2}`)
					invalidate(c)
				})
				wantDocument(t, cached, login(anna), `{"n":2}`)
				wantDocument(t, cached, login(anna), `{"n":2}`)
				wantReads(t, source, 2)
			})
		})
	}
}

func TestInvalidate_ForgetsThatDocumentIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource("")
		source.delay = 10 * time.Millisecond
		c := newCache(t, cache.Options{MissingFor: time.Hour})
		cached := c.Source(source, "")
		wantDocument(t, cached, login(anna), "")
		wantDocument(t, cached, login(anna), "")
		wantReads(t, source, 1)
		source.put(anna, `{"n":1}`)
		c.Invalidate("anna")
		wantDocument(t, cached, login(anna), `{"n":1}`)

		c.Invalidate("anna")
		source.put(anna, "")
		time.AfterFunc(5*time.Millisecond, func() {
			source.put(anna, `{"n":2}`)
			c.Invalidate("anna")
		})
		wantDocument(t, cached, login(anna), `{"n":2}`)
	})
}

func TestLookup_ReadsChangingDocumentAtMostThreeTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource(`{}`)
		source.delay = 10 * time.Millisecond
		c := newCache(t, cache.Options{StaleFor: time.Hour})
		changing := time.NewTicker(source.delay / 2)
		defer changing.Stop()
		go func() {
			for range 10 {
				<-changing.C
				c.Invalidate("anna")
			}
		}()
		if doc, err := c.Source(source, "").Lookup(t.Context(), login(anna)); err == nil {
			t.Errorf("Lookup = %s, want an error", doc.JSON)
		}
		wantReads(t, source, 3)
		if got := c.Stats().Entries; got != 0 {
			t.Errorf("Stats().Entries = %d after reads that were all invalidated, want 0", got)
		}
		time.Sleep(time.Second) // until the last invalidation
	})
}

func TestMissingFor_LimitsMissingEntries(t *testing.T) {
	for name, tt := range map[string]struct {
		missingFor, after time.Duration
		reads             int
	}{
		"within":      {5 * time.Second, 5 * time.Second, 1},
		"after":       {5 * time.Second, 5*time.Second + 1, 2},
		"never":       {0, 0, 2},
		"token's end": {2 * life, life + 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := newFakeSource("")
				cached := newCache(t, cache.Options{MissingFor: tt.missingFor, StaleFor: time.Hour}).Source(source, "")
				wantDocument(t, cached, login(anna), "")
				time.Sleep(tt.after)
				q := login(anna)
				q.NotBefore = time.Time{}
				wantDocument(t, cached, q, "")
				wantReads(t, source, tt.reads)
			})
		})
	}
}

func TestRefresh_ReadsDespiteMissingEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource("")
		cached := newCache(t, cache.Options{MissingFor: time.Hour}).Source(source, "")
		wantDocument(t, cached, login(anna), "")
		time.Sleep(time.Nanosecond)
		source.put(anna, `{}`)
		wantDocument(t, cached, refresh(anna), `{}`)
		wantDocument(t, cached, login(anna), `{}`)
		wantReads(t, source, 2)
	})
}

// A refresh that finds no document removes the entry, even if the cache does not remember
// missing documents.
func TestRefresh_EndsEntryOfRemovedDocument(t *testing.T) {
	for name, missingFor := range map[string]time.Duration{"remembered": time.Second, "not remembered": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := newFakeSource(`{}`)
				cached := newCache(t, cache.Options{MissingFor: missingFor, StaleFor: time.Hour}).Source(source, "")
				wantDocument(t, cached, login(anna), `{}`)
				time.Sleep(time.Nanosecond)
				source.put(anna, "")
				wantDocument(t, cached, refresh(anna), "")
				wantDocument(t, cached, login(anna), "")
				time.Sleep(2 * time.Second)
				wantDocument(t, cached, login(anna), "")
				source.fail(errDown)
				time.Sleep(2 * time.Second)
				if doc, err := cached.Lookup(t.Context(), login(anna)); err != errDown {
					t.Errorf("Lookup = %s, %v; want %v", doc.JSON, err, errDown)
				}
			})
		})
	}
}
