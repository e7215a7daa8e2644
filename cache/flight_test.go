package cache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
)

func TestThousandConcurrentLoginsMakeOneRead(t *testing.T) {
	for name, start := range map[string]func(){
		"at once":               func() {},
		"while it is under way": func() { time.Sleep(time.Microsecond) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from := shelve(`{}`)
				from.takes = 10 * time.Millisecond
				src := open(t, cache.Options{}).Source(from, "")
				var logins sync.WaitGroup
				for range 1000 {
					logins.Go(func() { wants(t, src, login(anna), `{}`) })
					start()
				}
				logins.Wait()
				wantReads(t, from, 1)
			})
		})
	}
}

// Whoever comes too late to join a read finds what it left, on real threads, too.
func TestNobodySlipsBetweenAReadAndItsEntry(t *testing.T) {
	from := shelve(`{}`)
	src := open(t, cache.Options{}).Source(from, "")
	const users = 500
	for n := range users {
		from.put(user(n), `{}`)
		var logins sync.WaitGroup
		for range 20 {
			logins.Go(func() { wants(t, src, login(user(n)), `{}`) })
		}
		logins.Wait()
	}
	wantReads(t, from, users)
}

func TestRefreshJoinsNoReadThatBeganBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := shelve(`{"n":1}`)
		from.takes = 10 * time.Millisecond
		src := open(t, cache.Options{}).Source(from, "")
		var lookups sync.WaitGroup
		lookups.Go(func() { wants(t, src, login(anna), `{"n":1}`) })
		time.Sleep(time.Millisecond)
		from.put(anna, `{"n":2}`)
		q := refresh(anna)
		for range 2 { // the second shares the read of the first
			lookups.Go(func() { wants(t, src, q, `{"n":2}`) })
		}
		time.Sleep(time.Millisecond)
		lookups.Go(func() { wants(t, src, login(anna), `{"n":2}`) }) // joins the newest
		lookups.Wait()
		wantReads(t, from, 2)
	})
}

func TestEarlierReadNeverReplacesALater(t *testing.T) {
	for name, later := range map[string]string{"a document": `{"n":2}`, "no document": ""} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				slow, quick := shelve(`{"n":1}`), shelve(later)
				slow.takes, quick.takes = time.Second, time.Millisecond
				c := open(t, cache.Options{MissingFor: time.Millisecond})
				var lookups sync.WaitGroup
				lookups.Go(func() { wants(t, c.Source(slow, ""), login(anna), `{"n":1}`) })
				time.Sleep(time.Millisecond)
				wants(t, c.Source(quick, ""), refresh(anna), later)
				lookups.Wait()
				wants(t, c.Source(quick, ""), login(anna), later)
			})
		})
	}
}

func TestLatestKeepUntilOfTheJoinedCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := shelve(`{}`)
		from.takes = time.Millisecond
		src := open(t, cache.Options{}).Source(from, "")
		var logins sync.WaitGroup
		for _, life := range []time.Duration{time.Minute, time.Hour, time.Second} {
			q := login(anna)
			q.KeepUntil = time.Now().Add(life)
			logins.Go(func() { wants(t, src, q, `{}`) })
			synctest.Wait() // so that the read began for the shorter
		}
		logins.Wait()
		time.Sleep(59 * time.Minute)
		q := login(anna)
		q.NotBefore = time.Time{}
		wants(t, src, q, `{}`)
		wantReads(t, from, 1)
	})
}

func TestReadOutlivesTheCallerWhoBeganIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := shelve(`{}`)
		from.takes = 10 * time.Millisecond
		src := open(t, cache.Options{}).Source(from, "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		began := time.Now()
		var second sync.WaitGroup
		second.Go(func() {
			synctest.Wait()
			wants(t, src, login(anna), `{}`)
		})
		if _, err := src.Lookup(ctx, login(anna)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Lookup = %v, want %v", err, context.DeadlineExceeded)
		}
		if waited := time.Since(began); waited != time.Millisecond {
			t.Errorf("the first caller waited %v, its context lasted %v", waited, time.Millisecond)
		}
		second.Wait()
		wants(t, src, login(anna), `{}`)
		wantReads(t, from, 1)
	})
}

func TestFailureIsSharedButNotRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := shelve(`{}`)
		from.takes = time.Millisecond
		from.fail(errDown)
		src := open(t, cache.Options{}).Source(from, "")
		var logins sync.WaitGroup
		for range 10 {
			logins.Go(func() {
				if _, err := src.Lookup(t.Context(), login(anna)); err != errDown {
					t.Errorf("Lookup = %v, want %v", err, errDown)
				}
			})
		}
		logins.Wait()
		wantReads(t, from, 1)
		from.fail(nil)
		wants(t, src, login(anna), `{}`)
	})
}

// When the read of a refresh fails, logins still have one read at a time.
func TestFailedRefreshLeavesTheReadOfTheLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, broken := shelve(`{}`), shelve("")
		slow.takes = time.Second
		broken.fail(errDown)
		c := open(t, cache.Options{})
		src := c.Source(slow, "")
		var logins sync.WaitGroup
		logins.Go(func() { wants(t, src, login(anna), `{}`) })
		time.Sleep(time.Millisecond)
		if _, err := c.Source(broken, "").Lookup(t.Context(), refresh(anna)); err != errDown {
			t.Errorf("Lookup = %v, want %v", err, errDown)
		}
		logins.Go(func() { wants(t, src, login(anna), `{}`) })
		logins.Wait()
		wantReads(t, slow, 1)
	})
}

func TestFailedReadIsMadeUpForByOneThatLanded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken, works := shelve(""), shelve(`{}`)
		broken.takes = time.Second
		broken.fail(errDown)
		c := open(t, cache.Options{StaleFor: time.Hour})
		var logins sync.WaitGroup
		logins.Go(func() {
			if doc := wants(t, c.Source(broken, ""), login(anna), `{}`); doc.Stale {
				t.Error("a document that is as young as asked is called stale")
			}
		})
		time.Sleep(time.Millisecond)
		wants(t, c.Source(works, ""), refresh(anna), `{}`)
		logins.Wait()
	})
}

func TestCloseWaitsForTheReadsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := shelve(`{}`)
		from.takes = time.Second
		c, err := cache.New(cache.Options{MaxBytes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		var src enrich.Source = c.Source(from, "")
		if _, err := src.Lookup(ctx, login(anna)); !errors.Is(err, context.Canceled) {
			t.Errorf("Lookup = %v, want %v", err, context.Canceled)
		}
		c.Close()
		if waited := time.Since(began); waited != from.takes {
			t.Errorf("Close returned after %v, the read took %v", waited, from.takes)
		}
	})
}

// A panic in a source is a failure of its read, and nothing more.
func TestPanicOfASourceFailsItsReadOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := shelve(`{}`)
		faulty := true
		src := open(t, cache.Options{}).Source(lookupFunc(func(ctx context.Context, q enrich.Query) (enrich.Document, error) {
			time.Sleep(10 * time.Millisecond)
			if faulty {
				panic("a fault of the driver")
			}
			return from.Lookup(ctx, q)
		}), "")
		var waiting sync.WaitGroup
		for range 3 {
			waiting.Go(func() {
				if document, err := src.Lookup(t.Context(), login(anna)); err == nil || errors.Is(err, enrich.ErrNoDocument) {
					t.Errorf("Lookup = %s, %v; want a failure", document.JSON, err)
				}
			})
		}
		waiting.Wait()
		faulty = false
		wants(t, src, login(anna), `{}`)
	})
}

type lookupFunc func(context.Context, enrich.Query) (enrich.Document, error)

func (f lookupFunc) Lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	return f(ctx, q)
}
