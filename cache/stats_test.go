package cache_test

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tokengraft/tokengraft/cache"
)

func TestMetrics_CountEveryLookupOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader := metric.NewManualReader()
		meter := metric.NewMeterProvider(metric.WithReader(reader)).Meter("test")
		source := newFakeSource(`{}`)
		c := newCache(t, cache.Options{StaleFor: time.Hour, MissingFor: time.Hour, Meter: meter})
		cached := c.Source(source, "")

		wantDocument(t, cached, login(anna), `{}`) // miss
		wantDocument(t, cached, login(anna), `{}`) // hit
		time.Sleep(time.Nanosecond)
		wantDocument(t, cached, refresh(anna), `{}`) // reload
		c.Invalidate("anna")
		wantDocument(t, cached, login(anna), `{}`) // reload, and an eviction because of a change
		time.Sleep(time.Nanosecond)
		source.fail(errDown)
		wantDocument(t, cached, refresh(anna), `{}`)      // stale
		_, _ = cached.Lookup(t.Context(), login(user(1))) // miss, because the source fails
		source.fail(nil)
		wantDocument(t, cached, login(user(1)), "") // miss
		wantDocument(t, cached, login(user(1)), "") // missing

		want := map[string]int64{"hit": 1, "miss": 3, "reload": 2, "stale": 1, "missing": 1}
		if got := counts(t, reader, "tokengraft.cache.lookups", "result"); !reflect.DeepEqual(got, want) {
			t.Errorf("lookups: %v, want %v", got, want)
		}
		want = map[string]int64{"changed": 1}
		if got := counts(t, reader, "tokengraft.cache.evictions", "cause"); !reflect.DeepEqual(got, want) {
			t.Errorf("evictions: %v, want %v", got, want)
		}
		got := c.Stats()
		if got.Bytes <= 0 {
			t.Errorf("Stats().Bytes = %d, want more than 0", got.Bytes)
		}
		got.Bytes = 0
		wantStats := cache.Stats{
			Entries: 2, MaxBytes: 1 << 20,
			Hits: 1, Misses: 3, Reloads: 2, Stale: 1, Missing: 1, HitRatio: 0.25,
			Evictions: cache.Evictions{Changed: 1},
		}
		if got != wantStats {
			t.Errorf("Stats = %+v, want %+v", got, wantStats)
		}
	})
}

func TestStats_CountsEvictionsByCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(t, cache.Options{})
		cached := c.Source(paddedSource(60<<10), "") // with ids and times 64 KiB, as the allocator rounds
		lookup := func(n int) {
			if _, err := cached.Lookup(t.Context(), login(user(n))); err != nil {
				t.Error(err)
			}
		}
		for n := range 20 { // 15 fit
			lookup(n)
		}
		if got := c.Stats(); got.Entries != 15 || got.Evictions.Capacity+got.Rejected != 5 {
			t.Errorf("Stats() after 20 reads = %+v, want 15 entries and 5 evicted or rejected", got)
		}
		time.Sleep(life + time.Minute)
		if got := c.Stats(); got.Entries != 0 || got.Evictions.Expired != 15 || got.Bytes != 0 {
			t.Errorf("Stats() after all entries have expired = %+v, want 0 entries, 0 bytes and 15 expired", got)
		}
		lookup(0)
		c.InvalidateAll()
		time.Sleep(life + time.Minute)
		if got := c.Stats(); got.Evictions.Changed != 1 {
			t.Errorf("Stats() after InvalidateAll with one entry = %+v, want 1 changed", got)
		}
	})
}

func TestStats_ShowsReadsInProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newFakeSource(`{}`)
		source.delay = time.Second
		c := newCache(t, cache.Options{})
		go wantDocument(t, c.Source(source, ""), login(anna), `{}`)
		synctest.Wait()
		if got := c.Stats().Loading; got != 1 {
			t.Errorf("Stats().Loading = %d during a read, want 1", got)
		}
		time.Sleep(source.delay)
		synctest.Wait()
		if got := c.Stats().Loading; got != 0 {
			t.Errorf("Stats().Loading = %d after the read, want 0", got)
		}
	})
}

func TestStats_JSONIsSnakeCase(t *testing.T) {
	got, err := json.Marshal(cache.Stats{})
	const want = `{"entries":0,"bytes":0,"max_bytes":0,"loading":0,` +
		`"hits":0,"misses":0,"reloads":0,"stale":0,"missing":0,"hit_ratio":0,` +
		`"evictions":{"capacity":0,"changed":0,"expired":0},"rejected":0}`
	if err != nil || string(got) != want {
		t.Errorf("JSON of Stats: %s, %v; want %s", got, err, want)
	}
}

// counts returns the counter of a name by the values of its only label.
func counts(t *testing.T, reader metric.Reader, name string, label attribute.Key) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]int64)
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			sum, ok := m.Data.(metricdata.Sum[int64])
			if m.Name != name || !ok {
				continue
			}
			for _, point := range sum.DataPoints {
				value, _ := point.Attributes.Value(label)
				got[value.AsString()] = point.Value
			}
		}
	}
	return got
}
