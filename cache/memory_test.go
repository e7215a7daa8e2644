package cache_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
)

// A paddedSource has a document of this many bytes for every user.
type paddedSource int

func (size paddedSource) Lookup(_ context.Context, q enrich.Query) (enrich.Document, error) {
	text := fmt.Appendf(make([]byte, 0, 2*size), `{"user":%q,"pad":"`, q.User.ID)
	text = append(text, bytes.Repeat([]byte("x"), int(size)-len(text)-2)...)
	return enrich.Document{JSON: append(text, `"}`...), ReadAt: time.Now(), ID: "id of " + q.User.ID}, nil
}

// user returns a user with an id as long as an ObjectId.
func user(n int) enrich.User { return enrich.User{ID: fmt.Sprintf("%024x", n)} }

func TestMaxBytes_LimitsMemoryAndIsUsed(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: needs tens of MiB of memory; run it without -short")
	}
	const maxBytes = 32 << 20
	for _, tt := range []struct {
		size  paddedSource
		share float64 // smallest share of maxBytes that documents must take
	}{
		{300, 0.37},
		{1 << 10, 0.6},
		{4 << 10, 0.8},
	} {
		t.Run(strconv.Itoa(int(tt.size))+" bytes", func(t *testing.T) {
			before := heap()
			c := newCache(t, cache.Options{MaxBytes: maxBytes})
			cached := c.Source(tt.size, "")
			for n := range maxBytes * 5 / 4 / int(tt.size) { // more than fit
				if _, err := cached.Lookup(t.Context(), login(user(n))); err != nil {
					t.Fatal(err)
				}
			}
			grown, stats := heap()-before, c.Stats()
			share := float64(stats.Entries*int(tt.size)) / maxBytes
			t.Logf("%d entries, %.0f %% documents, heap %.2f of MaxBytes", stats.Entries, 100*share, float64(grown)/maxBytes)
			if share < tt.share {
				t.Errorf("%d documents take %.2f of MaxBytes, want at least %.2f", stats.Entries, share, tt.share)
			}
			if grown > maxBytes*13/10 {
				t.Errorf("the heap grew by %d bytes, want at most 1.3 times %d", grown, maxBytes)
			}
			if stats.Bytes > maxBytes || stats.MaxBytes != maxBytes {
				t.Errorf("Stats() = %d bytes of %d, want at most %d", stats.Bytes, stats.MaxBytes, maxBytes)
			}
		})
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Documents of users who are in the cache already may grow too.
func TestMaxBytes_LimitsMemoryOfGrowingDocuments(t *testing.T) {
	const maxBytes = 1 << 20
	c := newCache(t, cache.Options{MaxBytes: maxBytes})
	for _, size := range []int{100, 4 << 10} {
		refreshAll(t, c, constantSource(`"`+strings.Repeat("x", size)+`"`), maxBytes)
	}
}

// refreshAll refreshes the documents of 1,500 users, and checks the memory after that.
func refreshAll(t *testing.T, c *cache.Cache, source constantSource, maxBytes int64) {
	t.Helper()
	cached := c.Source(source, "")
	for n := range 1500 {
		wantDocument(t, cached, refresh(user(n)), string(source))
	}
	if stats := c.Stats(); stats.Bytes > maxBytes || stats.Entries == 0 {
		t.Errorf("%d entries of documents of %d bytes take %d bytes, want at most %d", stats.Entries, len(source), stats.Bytes, maxBytes)
	}
}

// Ristretto learns the size of a document later. A hundred documents can grow faster than that.
func TestMaxBytes_LimitsMemoryOfDocumentsThatGrowAtOnce(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // so that ristretto waits for its turn
	const maxBytes, users = 1 << 20, 100
	c := newCache(t, cache.Options{MaxBytes: maxBytes})
	for _, size := range []int{100, 20 << 10} {
		text := `"` + strings.Repeat("x", size) + `"`
		cached := c.Source(constantSource(text), "")
		for n := range users {
			wantDocument(t, cached, refresh(user(n)), text)
		}
	}
	for range 1000 {
		runtime.Gosched()
	}
	if bytes := c.Stats().Bytes; bytes > maxBytes {
		t.Errorf("the documents take %d bytes, want at most %d", bytes, maxBytes)
	}
}

// A source may return a few bytes of a large buffer.
func TestEntry_DoesNotRetainSourceBuffer(t *testing.T) {
	const buffers, size = 100, 1 << 20
	before := heap()
	c := newCache(t, cache.Options{MaxBytes: 1 << 20})
	cached := c.Source(bufferSource(size), "")
	for n := range buffers {
		if _, err := cached.Lookup(t.Context(), login(user(n))); err != nil {
			t.Fatal(err)
		}
	}
	if entries := c.Stats().Entries; entries != buffers {
		t.Errorf("Stats().Entries = %d, want %d", entries, buffers)
	}
	if grown := heap() - before; grown > buffers*size/10 {
		t.Errorf("the heap grew by %d bytes for %d documents of two bytes, want at most %d", grown, buffers, buffers*size/10)
	}
}

// A bufferSource returns two bytes of a buffer of its size.
type bufferSource int

func (size bufferSource) Lookup(context.Context, enrich.Query) (enrich.Document, error) {
	buffer := append(make([]byte, 0, size), "{}"...)
	return enrich.Document{JSON: buffer, ReadAt: time.Now()}, nil
}

func TestMaxBytes_HitRatioIsTheShareThatFits(t *testing.T) {
	const size, users, maxBytes = paddedSource(1 << 10), 10_000, 4 << 20
	for name, tt := range map[string]struct {
		user func(n int) int // of the nth lookup
		want float64
	}{
		// All users fit, so only the first login of each misses.
		"room for all": {func(n int) int { return n % (users / 5) }, 0.97},
		// A third of the users fits. It should be those who log in often.
		"some often, many rarely": {zipfUsers(users), 0.75},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCache(t, cache.Options{MaxBytes: maxBytes})
			cached := c.Source(size, "")
			for n := range 10 * users {
				if _, err := cached.Lookup(t.Context(), login(user(tt.user(n)))); err != nil {
					t.Fatal(err)
				}
			}
			stats := c.Stats()
			t.Logf("hit ratio %.3f with %d entries for %d users", stats.HitRatio, stats.Entries, users)
			if stats.HitRatio < tt.want {
				t.Errorf("hit ratio %.3f, want at least %.2f: %+v", stats.HitRatio, tt.want, stats)
			}
		})
	}
}

// zipfUsers returns users with the frequencies of Zipf's law.
func zipfUsers(users int) func(int) int {
	zipf := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 1, uint64(users-1))
	return func(int) int { return int(zipf.Uint64()) }
}
