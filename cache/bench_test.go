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
	src := open(b, cache.Options{Meter: meter}).Source(printer(1<<10), "")
	q := login(anna)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := src.Lookup(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMiss(b *testing.B) {
	src := open(b, cache.Options{}).Source(instant(`{"lang":"en"}`), "")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := src.Lookup(b.Context(), refresh(anna)); err != nil {
			b.Fatal(err)
		}
	}
}

// instant is a source with one document for everybody, which costs nothing.
type instant string

func (text instant) Lookup(context.Context, enrich.Query) (enrich.Document, error) {
	return enrich.Document{JSON: json.RawMessage(text), ReadAt: time.Now()}, nil
}

// crowd is how many log in at a time, and crowdSize how many users there are.
const (
	crowd     = 64
	crowdSize = 100_000
)

// inParallel has a crowd of goroutines log in, whatever the machine is. User is
// who the n-th login is of.
func inParallel(b *testing.B, src enrich.Source, user func(n int64) enrich.User) {
	b.SetParallelism((crowd + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.ReportAllocs()
	b.ResetTimer()
	var logins atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := src.Lookup(b.Context(), login(user(logins.Add(1)))); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkHitOfACrowd is a login whose document is held, of one user in
// 100,000, while 64 log in at a time.
func BenchmarkHitOfACrowd(b *testing.B) {
	from := &counted{Source: printer(300)}
	src := open(b, cache.Options{MaxBytes: 256 << 20}).Source(from, "")
	users := make([]enrich.User, crowdSize)
	for n := range users {
		users[n] = user(n)
		if _, err := src.Lookup(b.Context(), login(users[n])); err != nil {
			b.Fatal(err)
		}
	}
	filled := from.reads.Load()
	const stride = 7919 // a prime, so that neighbours are no neighbours
	inParallel(b, src, func(n int64) enrich.User { return users[n*stride%crowdSize] })
	b.ReportMetric(float64(from.reads.Load()-filled)/float64(b.N), "reads/op")
}

// BenchmarkMissOfACrowd is a login whose document is not held and takes a
// millisecond to read, while 64 log in at a time: each as a user of their own,
// or all as the same, who join one read.
func BenchmarkMissOfACrowd(b *testing.B) {
	for _, together := range []int64{1, crowd} {
		b.Run(strconv.FormatInt(together, 10)+" logins of a user", func(b *testing.B) {
			from := &counted{Source: instant(`{"lang":"en"}`), takes: time.Millisecond}
			src := open(b, cache.Options{MaxBytes: 256 << 20}).Source(from, "")
			inParallel(b, src, func(n int64) enrich.User { return user(int(n / together)) })
			b.ReportMetric(float64(from.reads.Load())/float64(b.N), "reads/op")
		})
	}
}

// counted is a source that counts its reads and takes its time for them.
type counted struct {
	enrich.Source
	takes time.Duration
	reads atomic.Int64
}

func (c *counted) Lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	c.reads.Add(1)
	began := time.Now()
	time.Sleep(c.takes)
	doc, err := c.Source.Lookup(ctx, q)
	doc.ReadAt = began
	return doc, err
}
