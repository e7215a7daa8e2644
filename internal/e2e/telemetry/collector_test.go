package telemetry_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortraces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// A collector receives OTLP exports over HTTP. A test must close the collector before
// it reads them.
type collector struct {
	*httptest.Server
	mu       sync.Mutex
	received strings.Builder // all bytes
	spans    []*traces.Span
	metrics  []string // the names of metrics
	services []string // the names of services, without duplicates
}

func startCollector(t *testing.T) *collector {
	c := new(collector)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", func(_ http.ResponseWriter, r *http.Request) {
		var request collectortraces.ExportTraceServiceRequest
		c.take(t, r, &request)
		for _, from := range request.ResourceSpans {
			c.name(from.Resource)
			for _, scoped := range from.ScopeSpans {
				c.spans = append(c.spans, scoped.Spans...)
			}
		}
	})
	mux.HandleFunc("POST /v1/metrics", func(_ http.ResponseWriter, r *http.Request) {
		var request collectormetrics.ExportMetricsServiceRequest
		c.take(t, r, &request)
		for _, from := range request.ResourceMetrics {
			c.name(from.Resource)
			for _, scoped := range from.ScopeMetrics {
				for _, metric := range scoped.Metrics {
					c.metrics = append(c.metrics, metric.Name)
				}
			}
		}
	})
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) take(t *testing.T, r *http.Request, message proto.Message) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Errorf("%s: %v", r.URL.Path, err)
	}
	if err := proto.Unmarshal(body, message); err != nil {
		t.Errorf("%s: %d bytes of %s cannot be decoded: %v", r.URL.Path, len(body), r.Header.Get("Content-Type"), err)
	}
	c.received.Write(body)
}

func (c *collector) name(r *resource.Resource) {
	for _, attribute := range r.Attributes {
		if name := attribute.Value.GetStringValue(); attribute.Key == "service.name" && !slices.Contains(c.services, name) {
			c.services = append(c.services, name)
		}
	}
}

// trace returns the paths of the login's spans, sorted. A path has the names of the
// span's ancestors and of the span.
func (c *collector) trace() (paths []string) {
	byID := map[string]*traces.Span{}
	for _, span := range c.spans {
		byID[string(span.SpanId)] = span
	}
	for _, span := range c.spans {
		path := span.Name
		for parent := byID[string(span.ParentSpanId)]; parent != nil; parent = byID[string(parent.ParentSpanId)] {
			path = parent.Name + " > " + path
		}
		if strings.HasPrefix(path, "POST /login") {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}
