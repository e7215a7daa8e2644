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

func TestLookup_ThousandConcurrentLoginsShareOneRead(t *testing.T) {
	for name, start := range map[string]func(){
		"at once":             func() {},
		"while it is running": func() { time.Sleep(time.Microsecond) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := newFakeSource(`{}`)
				source.delay = 10 * time.Millisecond
				cached := newCache(t, cache.Options{}).Source(source, "")
				var logins sync.WaitGroup
				for range 1000 {
					logins.Go(func() { wantDocument(t, cached, login(anna), `{}`) })
					start()
				}
				logins.Wait()
				wantReads(t, source, 1)
			})
		})
	}
}

// A caller that is too late to join a read finds its entry. This test runs on real
// threads.
func TestLookup_LateCallerFindsTheEntryOfTheRead(t *testing.T) {
	source := newFakeSource(`{}`)
	cached := newCache(t, cache.Options{}).Source(source, "")
	const users = 500
	for n := range users {
		source.put(user(n), `{}`)
		var logins sync.WaitGroup
		for range 20 {
			logins.Go(func() { wantDocument(t, cached, login(user(n)), `{}`) })
		}
		logins.Wait()
	}
	wantReads(t, source, users)
}

func TestRefresh_DoesNotJoinEarlierRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource(`{"n":1}`)
		source.delay = 10 * time.Millisecond
		cached := newCache(t, cache.Options{}).Source(source, "")
		var lookups sync.WaitGroup
		lookups.Go(func() { wantDocument(t, cached, login(anna), `{"n":1}`) })
		time.Sleep(time.Millisecond)
		source.put(anna, `{"n":2}`)
		q := refresh(anna)
		for range 2 { // the second shares the read of the first
			lookups.Go(func() { wantDocument(t, cached, q, `{"n":2}`) })
		}
		time.Sleep(time.Millisecond)
		lookups.Go(func() { wantDocument(t, cached, login(anna), `{"n":2}`) }) // joins the newest
		lookups.Wait()
		wantReads(t, source, 2)
	})
}

func TestLookup_EarlierReadNeverReplacesLater(t *testing.T) {
	for name, later := range map[string]string{"a document": `{"n":2}`, "no document": ""} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				slow, fast := newFakeSource(`{"n":1}`), newFakeSource(later)
				slow.delay, fast.delay = time.Second, time.Millisecond
				c := newCache(t, cache.Options{MissingFor: time.Millisecond})
				var lookups sync.WaitGroup
				lookups.Go(func() { wantDocument(t, c.Source(slow, ""), login(anna), `{"n":1}`) })
				time.Sleep(time.Millisecond)
				wantDocument(t, c.Source(fast, ""), refresh(anna), later)
				lookups.Wait()
				wantDocument(t, c.Source(fast, ""), login(anna), later)
			})
		})
	}
}

func TestLookup_SharedReadKeepsLatestKeepUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource(`{}`)
		source.delay = time.Millisecond
		cached := newCache(t, cache.Options{}).Source(source, "")
		var logins sync.WaitGroup
		for _, life := range []time.Duration{time.Minute, time.Hour, time.Second} {
			q := login(anna)
			q.KeepUntil = time.Now().Add(life)
			logins.Go(func() { wantDocument(t, cached, q, `{}`) })
			synctest.Wait() // until the read has started, for the first KeepUntil
		}
		logins.Wait()
		time.Sleep(59 * time.Minute)
		q := login(anna)
		q.NotBefore = time.Time{}
		wantDocument(t, cached, q, `{}`)
		wantReads(t, source, 1)
	})
}

func TestLookup_ReadContinuesWithoutFirstCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource(`{}`)
		source.delay = 10 * time.Millisecond
		cached := newCache(t, cache.Options{}).Source(source, "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		start := time.Now()
		var second sync.WaitGroup
		second.Go(func() {
			synctest.Wait()
			wantDocument(t, cached, login(anna), `{}`)
		})
		if _, err := cached.Lookup(ctx, login(anna)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Lookup = %v, want %v", err, context.DeadlineExceeded)
		}
		if waited := time.Since(start); waited != time.Millisecond {
			t.Errorf("the first caller waited %v, want %v, when its context ended", waited, time.Millisecond)
		}
		second.Wait()
		wantDocument(t, cached, login(anna), `{}`)
		wantReads(t, source, 1)
	})
}

// A caller who cannot leave reads in their own goroutine, also for a caller who leaves.
func TestLookup_CallerLeavesTheReadOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource(`{}`)
		source.delay = 10 * time.Millisecond
		cached := newCache(t, cache.Options{}).Source(source, "")
		var first sync.WaitGroup
		first.Go(func() { wantDocument(t, cached, login(anna), `{}`) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		start := time.Now()
		if _, err := cached.Lookup(ctx, login(anna)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Lookup = %v, want %v", err, context.DeadlineExceeded)
		}
		if waited := time.Since(start); waited != time.Millisecond {
			t.Errorf("the caller waited %v, want %v, when its context ended", waited, time.Millisecond)
		}
		first.Wait()
		wantReads(t, source, 1)
	})
}

func TestLookup_SharesFailureButDoesNotKeepIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource(`{}`)
		source.delay = time.Millisecond
		source.fail(errDown)
		cached := newCache(t, cache.Options{}).Source(source, "")
		var logins sync.WaitGroup
		for range 10 {
			logins.Go(func() {
				if _, err := cached.Lookup(t.Context(), login(anna)); err != errDown {
					t.Errorf("Lookup = %v, want %v", err, errDown)
				}
			})
		}
		logins.Wait()
		wantReads(t, source, 1)
		source.fail(nil)
		wantDocument(t, cached, login(anna), `{}`)
	})
}

// When the read of a refresh fails, logins still share one read.
func TestRefresh_FailureLeavesReadOfLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, broken := newFakeSource(`{}`), newFakeSource("")
		slow.delay = time.Second
		broken.fail(errDown)
		c := newCache(t, cache.Options{})
		cached := c.Source(slow, "")
		var logins sync.WaitGroup
		logins.Go(func() { wantDocument(t, cached, login(anna), `{}`) })
		time.Sleep(time.Millisecond)
		if _, err := c.Source(broken, "").Lookup(t.Context(), refresh(anna)); err != errDown {
			t.Errorf("Lookup = %v, want %v", err, errDown)
		}
		logins.Go(func() { wantDocument(t, cached, login(anna), `{}`) })
		logins.Wait()
		wantReads(t, slow, 1)
	})
}

func TestLookup_FailedReadUsesEntryOfConcurrentRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken, works := newFakeSource(""), newFakeSource(`{}`)
		broken.delay = time.Second
		broken.fail(errDown)
		c := newCache(t, cache.Options{StaleFor: time.Hour})
		var logins sync.WaitGroup
		logins.Go(func() {
			if doc := wantDocument(t, c.Source(broken, ""), login(anna), `{}`); doc.Stale {
				t.Error("Stale = true for a document that the query allows, want false")
			}
		})
		time.Sleep(time.Millisecond)
		wantDocument(t, c.Source(works, ""), refresh(anna), `{}`)
		logins.Wait()
	})
}

func TestClose_WaitsForReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource(`{}`)
		source.delay = time.Second
		c, err := cache.New(cache.Options{MaxBytes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		var cached enrich.Source = c.Source(source, "")
		if _, err := cached.Lookup(ctx, login(anna)); !errors.Is(err, context.Canceled) {
			t.Errorf("Lookup = %v, want %v", err, context.Canceled)
		}
		c.Close()
		if waited := time.Since(start); waited != source.delay {
			t.Errorf("Close returned after %v, want %v, when the read was done", waited, source.delay)
		}
	})
}

func TestLookup_PanicOfSourceFailsItsReadOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource(`{}`)
		faulty := true
		cached := newCache(t, cache.Options{}).Source(lookupFunc(func(ctx context.Context, q enrich.Query) (enrich.Document, error) {
			time.Sleep(10 * time.Millisecond)
			if faulty {
				panic("a fault in the driver")
			}
			return source.Lookup(ctx, q)
		}), "")
		var waiting sync.WaitGroup
		for range 3 {
			waiting.Go(func() {
				if document, err := cached.Lookup(t.Context(), login(anna)); err == nil || errors.Is(err, enrich.ErrNoDocument) {
					t.Errorf("Lookup = %s, %v; want a failure", document.JSON, err)
				}
			})
		}
		waiting.Wait()
		faulty = false
		wantDocument(t, cached, login(anna), `{}`)
	})
}

type lookupFunc func(context.Context, enrich.Query) (enrich.Document, error)

func (f lookupFunc) Lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	return f(ctx, q)
}
