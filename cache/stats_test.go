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

func TestEveryLookupIsCountedOnceByWhatItCameTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader := metric.NewManualReader()
		meter := metric.NewMeterProvider(metric.WithReader(reader)).Meter("test")
		from := shelve(`{}`)
		c := open(t, cache.Options{StaleFor: time.Hour, MissingFor: time.Hour, Meter: meter})
		src := c.Source(from, "")

		wants(t, src, login(anna), `{}`) // miss
		wants(t, src, login(anna), `{}`) // hit
		time.Sleep(time.Nanosecond)
		wants(t, src, refresh(anna), `{}`) // reload
		c.Invalidate("anna")
		wants(t, src, login(anna), `{}`) // reload, a change
		time.Sleep(time.Nanosecond)
		from.fail(errDown)
		wants(t, src, refresh(anna), `{}`)             // stale
		_, _ = src.Lookup(t.Context(), login(user(1))) // miss, a failure
		from.fail(nil)
		wants(t, src, login(user(1)), "") // miss
		wants(t, src, login(user(1)), "") // missing

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
			t.Errorf("%d bytes are held", got.Bytes)
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

func TestEvictionsAreCountedByCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, cache.Options{})
		src := c.Source(printer(64<<10), "")
		lookup := func(n int) {
			if _, err := src.Lookup(t.Context(), login(user(n))); err != nil {
				t.Error(err)
			}
		}
		for n := range 20 { // 15 have room
			lookup(n)
		}
		if got := c.Stats(); got.Entries != 15 || got.Evictions.Capacity+got.Rejected != 5 {
			t.Errorf("15 of 20 have room: %+v", got)
		}
		time.Sleep(life + time.Minute)
		if got := c.Stats(); got.Entries != 0 || got.Evictions.Expired != 15 || got.Bytes != 0 {
			t.Errorf("all 15 have expired: %+v", got)
		}
		lookup(0)
		c.InvalidateAll()
		time.Sleep(life + time.Minute)
		if got := c.Stats(); got.Evictions.Changed != 1 {
			t.Errorf("one was lost: %+v", got)
		}
	})
}

func TestStatsShowReadsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := shelve(`{}`)
		from.takes = time.Second
		c := open(t, cache.Options{})
		go wants(t, c.Source(from, ""), login(anna), `{}`)
		synctest.Wait()
		if got := c.Stats().Loading; got != 1 {
			t.Errorf("%d reads are under way, want 1", got)
		}
		time.Sleep(from.takes)
		synctest.Wait()
		if got := c.Stats().Loading; got != 0 {
			t.Errorf("%d reads are under way, want none", got)
		}
	})
}

func TestStatsAreWrittenInSnakeCase(t *testing.T) {
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
