package cache_test

import (
	"context"
	"encoding/json"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
)

func BenchmarkHit(b *testing.B) {
	meter := metric.NewMeterProvider(metric.WithReader(metric.NewManualReader())).Meter("test")
	cached := newCache(b, cache.Options{Meter: meter}).Source(paddedSource(1<<10), "")
	q := login(anna)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := cached.Lookup(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReload measures a refresh, without the read: that of a caller who can leave, and
// that of one who cannot, as in an exchange after the backend answered.
func BenchmarkReload(b *testing.B) {
	for name, ctx := range map[string]context.Context{"can leave": b.Context(), "cannot leave": context.WithoutCancel(b.Context())} {
		b.Run(name, func(b *testing.B) {
			cached := newCache(b, cache.Options{}).Source(constantSource(`{"lang":"en"}`), "")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := cached.Lookup(ctx, refresh(anna)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A constantSource answers with its text at once, for every user.
type constantSource string

func (text constantSource) Lookup(context.Context, enrich.Query) (enrich.Document, error) {
	return enrich.Document{JSON: json.RawMessage(text), ReadAt: time.Now()}, nil
}

const (
	concurrency = 64      // logins at a time
	userCount   = 100_000 // different users
)

// inParallel runs logins on concurrency goroutines, independent of the number of CPUs.
// The nth login is of user(n).
func inParallel(b *testing.B, cached enrich.Source, user func(n int64) enrich.User) {
	b.SetParallelism((concurrency + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.ReportAllocs()
	b.ResetTimer()
	var logins atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := cached.Lookup(b.Context(), login(user(logins.Add(1)))); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkHit_Parallel measures cache hits: 64 logins at a time, of 100,000 users.
func BenchmarkHit_Parallel(b *testing.B) {
	source := &countingSource{Source: paddedSource(300)}
	cached := newCache(b, cache.Options{MaxBytes: 256 << 20}).Source(source, "")
	users := make([]enrich.User, userCount)
	for n := range users {
		users[n] = user(n)
		if _, err := cached.Lookup(b.Context(), login(users[n])); err != nil {
			b.Fatal(err)
		}
	}
	filled := source.reads.Load()
	const stride = 7919 // a prime, so that consecutive logins are of very different users
	inParallel(b, cached, func(n int64) enrich.User { return users[n*stride%userCount] })
	b.ReportMetric(float64(source.reads.Load()-filled)/float64(b.N), "reads/op")
}

// BenchmarkCollection measures a garbage collection with 100,000 users in the cache.
func BenchmarkCollection(b *testing.B) {
	cached := newCache(b, cache.Options{MaxBytes: 256 << 20}).Source(paddedSource(300), "")
	for n := range userCount {
		if _, err := cached.Lookup(b.Context(), login(user(n))); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		runtime.GC()
	}
}

// BenchmarkMiss_Parallel measures cache misses: 64 logins at a time, with a source that
// takes a millisecond. Either each login is of another user, or all are of the same user
// and share one read.
func BenchmarkMiss_Parallel(b *testing.B) {
	for _, perUser := range []int64{1, concurrency} {
		b.Run(strconv.FormatInt(perUser, 10)+" logins of a user", func(b *testing.B) {
			source := &countingSource{Source: constantSource(`{"lang":"en"}`), delay: time.Millisecond}
			cached := newCache(b, cache.Options{MaxBytes: 256 << 20}).Source(source, "")
			inParallel(b, cached, func(n int64) enrich.User { return user(int(n / perUser)) })
			b.ReportMetric(float64(source.reads.Load())/float64(b.N), "reads/op")
		})
	}
}

// A countingSource waits for delay, then asks Source. It counts its reads.
type countingSource struct {
	enrich.Source
	delay time.Duration
	reads atomic.Int64
}

func (c *countingSource) Lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	c.reads.Add(1)
	start := time.Now()
	time.Sleep(c.delay)
	doc, err := c.Source.Lookup(ctx, q)
	doc.ReadAt = start
	return doc, err
}
