package cache_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
)

func TestLogin_SecondDoesNotAskTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource(`{"n":1}`)
		cached := newCache(t, cache.Options{}).Source(source, "")
		first := wantDocument(t, cached, login(anna), `{"n":1}`)
		source.put(anna, `{"n":2}`)
		second := wantDocument(t, cached, login(anna), `{"n":1}`)
		wantReads(t, source, 1)
		if cap(second.JSON) != len(second.JSON) {
			t.Errorf("the document has room for %d bytes, want none: appending would write to memory of the cache", cap(second.JSON)-len(second.JSON))
		}
		if !second.ReadAt.Equal(first.ReadAt) || second.ID != first.ID || second.Stale {
			t.Errorf("second login got %+v, want %+v as the first", second, first)
		}
	})
}

func TestRefresh_SeesEarlierWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource(`{"n":1}`)
		cached := newCache(t, cache.Options{}).Source(source, "")
		wantDocument(t, cached, login(anna), `{"n":1}`)
		for _, text := range []string{`{"n":2}`, `{"n":3}`} {
			time.Sleep(time.Second)
			source.put(anna, text)
			wantDocument(t, cached, refresh(anna), text)
			wantDocument(t, cached, login(anna), text)
		}
		wantReads(t, source, 3)
	})
}

func TestEntry_ExpiresWithItsToken(t *testing.T) {
	const short = time.Minute
	for name, tt := range map[string]struct {
		after time.Duration
		reads int
	}{
		"at the end of its lifetime": {short, 1},
		"after it":                   {short + 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := newFakeSource(`{}`)
				cached := newCache(t, cache.Options{}).Source(source, "")
				q := login(anna)
				q.KeepUntil = time.Now().Add(short)
				wantDocument(t, cached, q, `{}`)
				time.Sleep(tt.after)
				wantDocument(t, cached, login(anna), `{}`)
				wantReads(t, source, tt.reads)
			})
		})
	}
}

func TestEntry_IsNotProlongedByHits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource(`{}`)
		cached := newCache(t, cache.Options{}).Source(source, "")
		end := time.Now().Add(life)
		for !time.Now().After(end) {
			q := login(anna)
			q.NotBefore = time.Time{} // any age, so only the lifetime of the entry matters
			wantDocument(t, cached, q, `{}`)
			time.Sleep(time.Minute)
		}
		wantReads(t, source, 1)
		wantDocument(t, cached, login(anna), `{}`)
		wantReads(t, source, 2)
	})
}

func TestLogin_RefusesDocumentOlderThanNotBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource(`{}`)
		cached := newCache(t, cache.Options{}).Source(source, "")
		wantDocument(t, cached, login(anna), `{}`)
		time.Sleep(time.Minute)
		q := login(anna)
		q.NotBefore = time.Now().Add(-time.Minute)
		wantDocument(t, cached, q, `{}`)
		wantReads(t, source, 1)
		q.NotBefore = q.NotBefore.Add(1)
		wantDocument(t, cached, q, `{}`)
		wantReads(t, source, 2)
	})
}

func TestLookup_SeparatesShapesAndIDTypes(t *testing.T) {
	text, number := enrich.User{ID: "5"}, enrich.User{ID: "5", Number: true}
	ofA, ofB := enrich.User{ID: "5", Issuer: "A"}, enrich.User{ID: "5", Issuer: "B"}
	for name, collide := range map[string]bool{"by hash": false, "with one hash": true} {
		t.Run(name, func(t *testing.T) {
			c := newCache(t, cache.Options{MissingFor: time.Hour})
			if collide {
				c.Collide()
			}
			plain, relaxed := newFakeSource(`{"of":"anna"}`), newFakeSource(`{"in":"relaxed"}`)
			plain.put(text, `{"of":"text"}`)
			plain.put(number, `{"of":"number"}`)
			plain.put(ofA, `{"of":"A"}`)
			plain.put(ofB, `{"of":"B"}`)
			for range 3 {
				wantDocument(t, c.Source(plain, "plain"), login(anna), `{"of":"anna"}`)
				wantDocument(t, c.Source(relaxed, "relaxed"), login(anna), `{"in":"relaxed"}`)
				wantDocument(t, c.Source(plain, "plain"), login(text), `{"of":"text"}`)
				wantDocument(t, c.Source(plain, "plain"), login(number), `{"of":"number"}`)
				wantDocument(t, c.Source(plain, "plain"), login(ofA), `{"of":"A"}`)
				wantDocument(t, c.Source(plain, "plain"), login(ofB), `{"of":"B"}`)
				wantDocument(t, c.Source(plain, "plain"), login(enrich.User{ID: "unknown"}), "")
			}
		})
	}
}

func TestSource_SameShapeSharesEntries(t *testing.T) {
	c := newCache(t, cache.Options{})
	before, after := newFakeSource(`{}`), newFakeSource(`{}`)
	wantDocument(t, c.Source(before, "same"), login(anna), `{}`)
	wantDocument(t, c.Source(after, "same"), login(anna), `{}`)
	wantReads(t, after, 0)
}

// If the machine was suspended, only the wall clock shows it.
func TestEntry_ExpiresByEitherClock(t *testing.T) {
	for name, ask := range map[string]func(q enrich.Query) enrich.Query{
		"age, monotonic clock": func(q enrich.Query) enrich.Query {
			q.NotBefore = wallStep(t, q.NotBefore.Add(2*time.Hour), -2*time.Hour)
			return q
		},
		"age, wall clock": func(q enrich.Query) enrich.Query {
			q.NotBefore = wallStep(t, q.NotBefore, 2*time.Hour)
			return q
		},
	} {
		t.Run(name, func(t *testing.T) {
			source := newFakeSource(`{}`)
			cached := newCache(t, cache.Options{}).Source(source, "")
			wantDocument(t, cached, login(anna), `{}`)
			if _, err := cached.Lookup(t.Context(), ask(login(anna))); err != nil {
				t.Fatal(err)
			}
			wantReads(t, source, 2)
		})
	}
	for name, end := range map[string]func(time.Time) time.Time{
		"life, monotonic clock": func(end time.Time) time.Time { return wallStep(t, end.Add(-2*life), 2*life) },
		"life, wall clock":      func(end time.Time) time.Time { return wallStep(t, end, -2*life) },
	} {
		t.Run(name, func(t *testing.T) {
			source := newFakeSource(`{}`)
			cached := newCache(t, cache.Options{StaleFor: 3 * life}).Source(source, "")
			q := login(anna)
			q.KeepUntil = end(q.KeepUntil)
			wantDocument(t, cached, q, `{}`)
			wantDocument(t, cached, login(anna), `{}`)
			wantReads(t, source, 2)
		})
	}
}

func TestStaleFor_EndsByEitherClock(t *testing.T) {
	source := newFakeSource(`{}`)
	cached := newCache(t, cache.Options{StaleFor: 2 * time.Hour}).Source(source, "")
	q := login(anna)
	q.KeepUntil = wallStep(t, q.KeepUntil, -3*time.Hour)
	wantDocument(t, cached, q, `{}`)
	source.fail(errDown)
	if doc, err := cached.Lookup(t.Context(), login(anna)); err != errDown {
		t.Errorf("Lookup = %s, %v; want %v", doc.JSON, err, errDown)
	}
}

// wallStep returns the instant with its wall clock moved by step and its
// monotonic clock unchanged. Package time has no function for that.
func wallStep(t *testing.T, at time.Time, step time.Duration) time.Time {
	t.Helper()
	was := at
	*(*uint64)(unsafe.Pointer(&at)) += uint64(step/time.Second) << 30
	if at.Sub(was) != 0 || at.Round(0).Sub(was.Round(0)) != step {
		t.Fatalf("wallStep(%v, %v) = %v: the layout of time.Time is not what this test assumes", was, step, at)
	}
	return at
}

// The exp of a token may be as far away as a [time.Duration] goes.
func TestLogin_OfATokenThatNeverExpiresIsCached(t *testing.T) {
	source := newFakeSource(`{"n":1}`)
	cached := newCache(t, cache.Options{StaleFor: time.Hour}).Source(source, "")
	now := time.Now()
	q := enrich.Query{User: anna, NotBefore: now.Add(-math.MaxInt64), KeepUntil: now.Add(math.MaxInt64)}
	for range 2 {
		wantDocument(t, cached, q, `{"n":1}`)
	}
	wantReads(t, source, 1)
}
