package mongodoc_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest/wiretest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// An idleSource is a source whose documents never change. Its users are in the cache
// together with those of the collection.
type idleSource struct{}

func (idleSource) Lookup(_ context.Context, q enrich.Query) (enrich.Document, error) {
	return enrich.Document{JSON: []byte(`{}`), ReadAt: time.Now(), ID: "document of " + q.User.ID}, nil
}

// Law F3: a write evicts its user at once. Other users stay in the cache, whatever its
// size. The test logs the numbers that it checks.
func TestWatch_EvictionsPerWriteDoNotGrowWithTheCache(t *testing.T) {
	const writers = 200
	sizes := []int{1_000, 10_000, 100_000}
	if testing.Short() {
		sizes = sizes[:2]
	}
	for _, size := range sizes {
		synctest.Test(t, func(t *testing.T) {
			server := wiretest.New()
			f := followServer(t, mongodoc.Options{}, server)
			shared := watchedCache(t, f)
			logIn := func(prefix string, n int, src enrich.Source) int {
				before := shared.Stats()
				now := time.Now()
				for i := range n {
					q := enrich.Query{User: enrich.User{ID: fmt.Sprint(prefix, i)}, NotBefore: now.Add(-time.Hour), KeepUntil: now.Add(time.Hour)}
					if _, err := src.Lookup(t.Context(), q); err != nil {
						t.Fatal(err)
					}
				}
				after := shared.Stats()
				return int(after.Misses + after.Reloads - before.Misses - before.Reloads)
			}
			for i := range writers {
				server.Insert(fmt.Sprintf(`{"_id":%d,"f":"writer%[1]d"}`, i))
			}
			synctest.Wait()
			collection, others := shared.Source(f.Source, "shape"), shared.Source(idleSource{}, "idle")
			logIn("writer", writers, collection)
			logIn("idle", size, others)
			if again := logIn("idle", size, others); again != 0 {
				t.Fatalf("%d of %d users are not in the cache: it is too small for the test", again, size)
			}
			for i := range writers {
				server.Update(fmt.Sprint(i), `{"n":1}`)
			}
			synctest.Wait()
			writersRead, othersRead := logIn("writer", writers, collection), logIn("idle", size, others)
			t.Logf("%7d users, %d writes: %.2f reads of changed users and %.3f reads of other users for each write",
				size, writers, float64(writersRead)/writers, float64(othersRead)/writers)
			if writersRead != writers {
				t.Errorf("%d of %d changed users were read again, want all", writersRead, writers)
			}
			if othersRead > writers/5 { // two writers that share a stripe evict a few others
				t.Errorf("%d of %d other users were read again, want at most %d", othersRead, size, writers/5)
			}
		})
	}
}

// watchedCache returns a second cache that the source of f invalidates.
func watchedCache(t *testing.T, f *followed) *cache.Cache {
	t.Helper()
	c, err := cache.New(cache.Options{MaxBytes: 256 << 20})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() { f.Watch(ctx, c) })
	t.Cleanup(func() { stop(); watching.Wait(); c.Close() })
	time.Sleep(2 * time.Second)
	return c
}
