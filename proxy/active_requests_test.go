package proxy_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tokengraft/tokengraft/proxy"
)

// A reload makes another proxy with the same meter. The metric has the requests of both, and
// only those of the one that is left.
func TestActiveRequests_AreTheSumOfAllProxies(t *testing.T) {
	arrived, leave := make(chan struct{}), make(chan struct{})
	backend := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-leave
	}))
	t.Cleanup(backend.Close)
	address, err := url.Parse(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{meters: sdk.NewManualReader()}
	meter := sdk.NewMeterProvider(sdk.WithReader(f.meters)).Meter("")
	active := func() int64 {
		return f.counted(t, "http.server.active_requests", attribute.String("http.request.method", "GET"))
	}
	var serving sync.WaitGroup
	for n := range int64(2) {
		p, err := proxy.New(proxy.Options{Backend: address, Meter: meter, Logger: slog.New(slog.DiscardHandler)}, &proxy.Snapshot{})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			serving.Go(func() { p.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/x", nil)) })
			<-arrived
		}
		if got := active(); got != 2*(n+1) {
			t.Errorf("%d proxies with 2 requests each: http.server.active_requests = %d, want %d", n+1, got, 2*(n+1))
		}
	}
	close(leave)
	serving.Wait()
	if got := active(); got != 0 {
		t.Errorf("http.server.active_requests = %d after all requests, want 0", got)
	}
	waitFor(t, "the callbacks of proxies that are gone to end", func() bool {
		runtime.GC()
		var all metricdata.ResourceMetrics
		err := f.meters.Collect(t.Context(), &all)
		return err == nil && !slices.ContainsFunc(all.ScopeMetrics, func(s metricdata.ScopeMetrics) bool {
			return slices.ContainsFunc(s.Metrics, func(m metricdata.Metrics) bool { return m.Name == "http.server.active_requests" })
		})
	})
}
