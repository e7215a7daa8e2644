package cache_test

import (
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
)

func TestSecondLoginAsksNoSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := shelve(`{"n":1}`)
		src := open(t, cache.Options{}).Source(from, "")
		first := wants(t, src, login(anna), `{"n":1}`)
		from.put(anna, `{"n":2}`)
		second := wants(t, src, login(anna), `{"n":1}`)
		wantReads(t, from, 1)
		if !second.ReadAt.Equal(first.ReadAt) || second.ID != first.ID || second.Stale {
			t.Errorf("second login got %+v, want the document of the first", second)
		}
	})
}

func TestRefreshSeesWhatWasWrittenBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := shelve(`{"n":1}`)
		src := open(t, cache.Options{}).Source(from, "")
		wants(t, src, login(anna), `{"n":1}`)
		for _, text := range []string{`{"n":2}`, `{"n":3}`} {
			time.Sleep(time.Second)
			from.put(anna, text)
			wants(t, src, refresh(anna), text)
			wants(t, src, login(anna), text)
		}
		wantReads(t, from, 3)
	})
}

func TestEntryDiesWithItsToken(t *testing.T) {
	const short = time.Minute
	for name, tt := range map[string]struct {
		after time.Duration
		reads int
	}{
		"at the end of its life": {short, 1},
		"past it":                {short + 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from := shelve(`{}`)
				src := open(t, cache.Options{}).Source(from, "")
				q := login(anna)
				q.KeepUntil = time.Now().Add(short)
				wants(t, src, q, `{}`)
				time.Sleep(tt.after)
				wants(t, src, login(anna), `{}`)
				wantReads(t, from, tt.reads)
			})
		})
	}
}

func TestHitDoesNotProlongAnEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := shelve(`{}`)
		src := open(t, cache.Options{}).Source(from, "")
		end := time.Now().Add(life)
		for !time.Now().After(end) {
			q := login(anna)
			q.NotBefore = time.Time{} // of any age: only the life of the entry counts
			wants(t, src, q, `{}`)
			time.Sleep(time.Minute)
		}
		wantReads(t, from, 1)
		wants(t, src, login(anna), `{}`)
		wantReads(t, from, 2)
	})
}

func TestLoginTakesNoOlderDocumentThanItsTokenMayCarry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := shelve(`{}`)
		src := open(t, cache.Options{}).Source(from, "")
		wants(t, src, login(anna), `{}`)
		time.Sleep(time.Minute)
		q := login(anna)
		q.NotBefore = time.Now().Add(-time.Minute)
		wants(t, src, q, `{}`)
		wantReads(t, from, 1)
		q.NotBefore = q.NotBefore.Add(1)
		wants(t, src, q, `{}`)
		wantReads(t, from, 2)
	})
}

func TestShapesAndTypesOfIdsAreToldApart(t *testing.T) {
	text, number := enrich.User{ID: "5"}, enrich.User{ID: "5", Number: true}
	for name, collide := range map[string]bool{"by hash": false, "with one hash": true} {
		t.Run(name, func(t *testing.T) {
			c := open(t, cache.Options{MissingFor: time.Hour})
			if collide {
				c.Collide()
			}
			plain, relaxed := shelve(`{"of":"anna"}`), shelve(`{"in":"relaxed"}`)
			plain.put(text, `{"of":"text"}`)
			plain.put(number, `{"of":"number"}`)
			for range 3 {
				wants(t, c.Source(plain, "plain"), login(anna), `{"of":"anna"}`)
				wants(t, c.Source(relaxed, "relaxed"), login(anna), `{"in":"relaxed"}`)
				wants(t, c.Source(plain, "plain"), login(text), `{"of":"text"}`)
				wants(t, c.Source(plain, "plain"), login(number), `{"of":"number"}`)
				wants(t, c.Source(plain, "plain"), login(enrich.User{ID: "nobody"}), "")
			}
		})
	}
}

func TestSameShapeIsServedAfterAReload(t *testing.T) {
	c := open(t, cache.Options{})
	before, after := shelve(`{}`), shelve(`{}`)
	wants(t, c.Source(before, "same"), login(anna), `{}`)
	wants(t, c.Source(after, "same"), login(anna), `{}`)
	wantReads(t, after, 0)
}

// A machine that was suspended shows it by the wall clock alone.
func TestEitherClockEndsALife(t *testing.T) {
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
			from := shelve(`{}`)
			src := open(t, cache.Options{}).Source(from, "")
			wants(t, src, login(anna), `{}`)
			if _, err := src.Lookup(t.Context(), ask(login(anna))); err != nil {
				t.Fatal(err)
			}
			wantReads(t, from, 2)
		})
	}
	for name, end := range map[string]func(time.Time) time.Time{
		"life, monotonic clock": func(end time.Time) time.Time { return wallStep(t, end.Add(-2*life), 2*life) },
		"life, wall clock":      func(end time.Time) time.Time { return wallStep(t, end, -2*life) },
	} {
		t.Run(name, func(t *testing.T) {
			from := shelve(`{}`)
			src := open(t, cache.Options{StaleFor: 3 * life}).Source(from, "")
			q := login(anna)
			q.KeepUntil = end(q.KeepUntil)
			wants(t, src, q, `{}`)
			wants(t, src, login(anna), `{}`)
			wantReads(t, from, 2)
		})
	}
}

func TestEitherClockEndsStandingIn(t *testing.T) {
	from := shelve(`{}`)
	src := open(t, cache.Options{StaleFor: 2 * time.Hour}).Source(from, "")
	q := login(anna)
	q.KeepUntil = wallStep(t, q.KeepUntil, -3*time.Hour)
	wants(t, src, q, `{}`)
	from.fail(errDown)
	if doc, err := src.Lookup(t.Context(), login(anna)); err != errDown {
		t.Errorf("Lookup = %s, %v; want %v", doc.JSON, err, errDown)
	}
}

// wallStep returns the instant with the wall clock set by step and the
// monotonic clock as it was. Package time offers no way to have the two differ.
func wallStep(t *testing.T, at time.Time, step time.Duration) time.Time {
	t.Helper()
	was := at
	*(*uint64)(unsafe.Pointer(&at)) += uint64(step/time.Second) << 30
	if at.Sub(was) != 0 || at.Round(0).Sub(was.Round(0)) != step {
		t.Fatalf("time.Time is laid out otherwise than this test believes: %v, %v", was, at)
	}
	return at
}
