package cache_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
)

var full = flag.Bool("full", false, "run 2000 random worlds instead of 200 (make load)")

// TestCache_HoldsLawsInRandomWorlds runs writers, a change stream, outages, logins
// and refreshes at random on a fake clock, and checks every answer against the
// history and the query. A failure logs its seed.
func TestCache_HoldsLawsInRandomWorlds(t *testing.T) {
	seeds := uint64(200)
	if *full {
		seeds = 2000
	}
	sum := make(map[string]int)
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			defer func() {
				if t.Failed() { // a synctest bubble that fails ends its test
					t.Logf("seed %d", seed)
				}
			}()
			for what, n := range newWorld(t, seed).run() {
				sum[what] += n
			}
		})
	}
	t.Log(sum)
	for _, what := range []string{"login held", "login read", "refresh read", "login stale", "refresh stale", "missing held", "missing read", "failed"} {
		if sum[what] == 0 {
			t.Errorf("no lookup was %q: the random worlds do not reach this case", what)
		}
	}
}

func FuzzCache_HoldsLawsInRandomWorlds(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		synctest.Test(t, func(t *testing.T) { newWorld(t, seed).run() })
	})
}

const (
	longestRead = 200 * time.Millisecond
	longestLife = 8 * time.Second
	worldsEnd   = 10 * time.Second
)

// A world is a source, its users, and everything that happens to them.
type world struct {
	t        *testing.T
	cached   *cache.Source
	cache    *cache.Cache
	staleFor time.Duration

	mu      sync.Mutex
	rand    *rand.Rand
	users   map[enrich.User]*history
	outages []interval
	sum     map[string]int
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{
		t:     t,
		rand:  rand.New(rand.NewPCG(seed, 1)),
		users: make(map[enrich.User]*history),
		sum:   make(map[string]int),
	}
	o := cache.Options{MissingFor: w.upTo(2 * time.Second)}
	if w.rand.IntN(3) > 0 {
		w.staleFor = w.upTo(5 * time.Second)
		o.StaleFor = w.staleFor
	}
	w.cache = newCache(t, o)
	w.cached = w.cache.Source(w, "shape")
	for n := range 3 {
		w.users[user(n)] = &history{versions: []version{{at: time.Now(), missing: n == 0}}}
	}
	return w
}

// run runs the world and returns the number of lookups for each result.
func (w *world) run() map[string]int {
	var actors sync.WaitGroup
	actors.Go(w.actor(2*time.Second, w.fail))
	for n := range len(w.users) {
		u := user(n)
		actors.Go(w.actor(3*time.Second, func() { w.write(u) }))
		for range 3 {
			actors.Go(w.actor(time.Second, func() { w.ask(u) }))
		}
	}
	actors.Wait()
	return w.sum
}

// actor returns a function that calls act, with pauses, until the world ends.
func (w *world) actor(pause time.Duration, act func()) func() {
	end := time.Now().Add(worldsEnd)
	return func() {
		for time.Now().Before(end) {
			time.Sleep(w.upTo(pause))
			act()
		}
	}
}

// upTo returns a random duration in whole milliseconds, at least one.
func (w *world) upTo(d time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Millisecond * time.Duration(1+w.rand.Int64N(d.Milliseconds()))
}

func (w *world) oneIn(n int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rand.IntN(n) == 0
}

// fail makes the source fail for a while.
func (w *world) fail() {
	end := time.Now().Add(w.upTo(time.Second))
	w.mu.Lock()
	w.outages = append(w.outages, interval{time.Now(), end})
	w.mu.Unlock()
	time.Sleep(time.Until(end))
}

// write writes a version. In most cases it invalidates the document a little later, as a
// change stream would.
func (w *world) write(u enrich.User) {
	missing, followed := w.oneIn(4), !w.oneIn(3)
	w.mu.Lock()
	w.users[u].versions = append(w.users[u].versions, version{time.Now(), missing})
	w.mu.Unlock()
	if !followed {
		return
	}
	time.Sleep(w.upTo(longestRead))
	start := time.Now()
	affected := []enrich.User{u}
	switch {
	case w.oneIn(8):
		w.cache.InvalidateAll()
		affected = []enrich.User{user(0), user(1), user(2)}
	default:
		w.cache.Invalidate(u.ID)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, u := range affected {
		w.users[u].invalidated = append(w.users[u].invalidated, start)
	}
}

// Lookup implements enrich.Source.
func (w *world) Lookup(_ context.Context, q enrich.Query) (enrich.Document, error) {
	doc := enrich.Document{ReadAt: time.Now()}
	time.Sleep(w.upTo(longestRead / 2))
	n, missing, down := w.look(q.User)
	time.Sleep(w.upTo(longestRead / 2))
	if down {
		return enrich.Document{}, errDown
	}
	if missing {
		return enrich.Document{}, enrich.ErrNoDocument
	}
	doc.JSON = fmt.Append(nil, n)
	return doc, nil
}

// look returns what a read finds now.
func (w *world) look(u enrich.User) (n int, missing, down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n = len(w.users[u].versions) - 1
	return n, w.users[u].versions[n].missing, w.wasDown(time.Now(), time.Now())
}

// ask makes a login or a refresh, with a token of a random lifetime, and checks the
// answer.
func (w *world) ask(u enrich.User) {
	life, kind := w.upTo(longestLife), "login"
	now := time.Now()
	q := enrich.Query{User: u, NotBefore: now.Add(-life), KeepUntil: now.Add(life)}
	if w.oneIn(3) {
		kind, q.NotBefore = "refresh", now
	}
	w.mu.Lock()
	w.users[u].queries = append(w.users[u].queries, interval{now, q.KeepUntil})
	w.mu.Unlock()

	doc, err := w.cached.Lookup(w.t.Context(), q)

	w.mu.Lock()
	defer w.mu.Unlock()
	result := kind
	switch {
	case errors.Is(err, enrich.ErrNoDocument):
		result = "missing"
		w.checkMissing(q, now)
	case err != nil:
		w.checkFailure(u, now, err)
		w.sum["failed"]++
		return
	default:
		w.checkDocument(q, doc, now)
	}
	switch {
	case doc.Stale:
		result += " stale"
	case time.Now().Equal(now):
		result += " held"
	default:
		result += " read"
	}
	w.sum[result]++
}
