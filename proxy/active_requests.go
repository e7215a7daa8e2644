package proxy

import (
	"context"
	"net/http"
	"runtime"
	"slices"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// activeRequests are the requests of clients that are being served. They are counted in
// atomic numbers, which are read when metrics are collected: counting in the SDK costs a
// microsecond for each request.
type activeRequests struct {
	counts *[2][]activeCount // over HTTP and HTTPS, by the place of the method in knownMethods
}

// An activeCount is the number of requests with one method and scheme.
type activeCount struct {
	n    atomic.Int64
	seen atomic.Bool // there was one
}

func (c *activeCount) add(n int64) {
	c.n.Add(n)
	if !c.seen.Load() {
		c.seen.Store(true)
	}
}

// newActiveRequests returns the instrument. It observes the numbers until it is garbage: the
// proxies before and after a reload have one meter, which adds what both observe.
func newActiveRequests(meter metric.Meter) (*activeRequests, error) {
	instrument, err := meter.Int64ObservableUpDownCounter("http.server.active_requests", metric.WithUnit("{request}"),
		metric.WithDescription("Requests of clients that are being served."))
	if err != nil {
		return nil, err
	}
	counts := &[2][]activeCount{make([]activeCount, len(knownMethods)), make([]activeCount, len(knownMethods))}
	registration, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for i, scheme := range []string{"http", "https"} {
			for j := range counts[i] {
				if count := &counts[i][j]; count.seen.Load() {
					o.ObserveInt64(instrument, count.n.Load(), metric.WithAttributes(
						attribute.String("http.request.method", knownMethods[j]), attribute.String("url.scheme", scheme)))
				}
			}
		}
		return nil
	}, instrument)
	if err != nil {
		return nil, err
	}
	a := &activeRequests{counts}
	runtime.AddCleanup(a, func(r metric.Registration) { _ = r.Unregister() }, registration)
	return a, nil
}

// of returns the count for a request with these labels.
func (a *activeRequests) of(labels labeledRequest) *activeCount {
	scheme := 0
	if labels.scheme == "https" {
		scheme = 1
	}
	return &a.counts[scheme][slices.Index(knownMethods, labels.method)]
}

// knownMethods are the results of knownMethod, the most frequent first.
var knownMethods = []string{
	http.MethodGet, http.MethodPost, http.MethodOptions, http.MethodPut, http.MethodPatch, http.MethodDelete,
	http.MethodHead, http.MethodConnect, http.MethodTrace, otherMethod,
}

// otherMethod stands for any other method, as in OpenTelemetry.
const otherMethod = "_OTHER"

// knownMethod returns a method of RFC 9110 or PATCH unchanged, and _OTHER for any other text,
// because a client can send a token as the method.
func knownMethod(method string) string {
	if slices.Contains(knownMethods, method) {
		return method
	}
	return otherMethod
}
