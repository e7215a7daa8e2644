package proxy

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// httpMetrics are the instruments of OpenTelemetry's semantic conventions for HTTP. The
// standard instrumentation is not used: it needs a context and a wrapped body for each
// request, and its path attributes could have tokens.
type httpMetrics struct {
	served metric.Float64Histogram
	active *activeRequests
	asked  metric.Float64Histogram
	labels httpLabels
	server string // host and port of the backend
	traced bool   // requests may have spans, which the histograms give as examples
}

// secondsBuckets are those that the semantic conventions advise.
var secondsBuckets = metric.WithExplicitBucketBoundaries(.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10)

func newHTTPMetrics(o Options) (*httpMetrics, error) {
	m := &httpMetrics{server: serverOf(o.Backend), traced: o.Tracer != nil}
	var errs [3]error
	m.served, errs[0] = o.Meter.Float64Histogram("http.server.request.duration", metric.WithUnit("s"), secondsBuckets,
		metric.WithDescription("Duration of the requests of clients, to the end of the response."))
	m.active, errs[1] = newActiveRequests(o.Meter)
	m.asked, errs[2] = o.Meter.Float64Histogram("http.client.request.duration", metric.WithUnit("s"), secondsBuckets,
		metric.WithDescription("Duration of the requests to the backend, to the end of the header of the response."))
	return m, errors.Join(errs[:]...)
}

// record records a duration. Without spans it does not give the SDK the context of the
// request, which the SDK would search for one.
func (m *httpMetrics) record(ctx context.Context, h metric.Float64Histogram, took time.Duration, labels labeledRequest) {
	if !m.traced {
		ctx = context.Background()
	}
	h.Record(ctx, took.Seconds(), m.labels.of(labels)...)
}

// A labeledRequest is what the labels of the HTTP metrics say. All its values are from small sets:
// clients must not be able to make new ones.
type labeledRequest struct {
	method, scheme, version string
	status                  int    // 0 if there was no response
	route                   string // the path of the pattern of the rule or Local; "" without one
	server                  string // host and port of the backend; "" for a request of a client
	fault                   string // the error.type; "" without an error
}

// httpLabels keeps the labels of requests, because making them costs more than counting. The
// map is replaced when it grows, so looking up takes no lock.
type httpLabels struct {
	mu   sync.Mutex // held while made is replaced
	made atomic.Pointer[map[labeledRequest][]metric.RecordOption]
}

// maxLabels limits how many labels are kept. A backend can answer with any status.
const maxLabels = 4096

// of returns the labels as the options of a measurement. They are kept as a slice, because a
// variadic call would allocate it.
func (l *httpLabels) of(r labeledRequest) []metric.RecordOption {
	if made := l.made.Load(); made != nil {
		if labels := (*made)[r]; labels != nil {
			return labels
		}
	}
	labels := []metric.RecordOption{metric.WithAttributeSet(r.attributes())}
	l.mu.Lock()
	defer l.mu.Unlock()
	next := map[labeledRequest][]metric.RecordOption{}
	if made := l.made.Load(); made != nil {
		if len(*made) >= maxLabels {
			return labels
		}
		maps.Copy(next, *made)
	}
	next[r] = labels
	l.made.Store(&next)
	return labels
}

func (r labeledRequest) attributes() attribute.Set {
	all := []attribute.KeyValue{attribute.String("http.request.method", r.method)}
	add := func(name, value string) {
		if value != "" {
			all = append(all, attribute.String(name, value))
		}
	}
	add("url.scheme", r.scheme)
	add("network.protocol.version", r.version)
	add("http.route", r.route)
	add("error.type", r.fault)
	if r.status != 0 {
		all = append(all, attribute.Int("http.response.status_code", r.status))
	}
	if host, port, err := net.SplitHostPort(r.server); err == nil {
		add("server.address", host)
		if number, err := strconv.Atoi(port); err == nil {
			all = append(all, attribute.Int("server.port", number))
		}
	}
	return attribute.NewSet(all...)
}

// begin counts a request as active, and returns its labels for end.
func (m *httpMetrics) begin(r *http.Request, method string) labeledRequest {
	labels := labeledRequest{method: method, scheme: "http"}
	if r.TLS != nil {
		labels.scheme = "https"
	}
	m.active.of(labels).add(1)
	return labels
}

// end counts what begin counted as active, and how long it took.
func (m *httpMetrics) end(ctx context.Context, labels labeledRequest, x *exchange, version string) {
	m.active.of(labels).add(-1)
	labels.version, labels.status, labels.route = version, x.w.status, x.route()
	switch {
	case labels.status == statusClientGone:
		labels.status, labels.fault = 0, "client_gone"
	case x.aborted && clientGone(ctx):
		labels.fault = "client_gone"
	case x.aborted:
		labels.fault = "aborted"
	case labels.status >= http.StatusInternalServerError:
		labels.fault = strconv.Itoa(labels.status)
	}
	m.record(ctx, m.served, time.Since(x.began), labels)
}

// routeOf returns the path of a pattern.
func routeOf(pattern string) string {
	if i := strings.IndexByte(pattern, ' '); i >= 0 {
		return strings.TrimLeft(pattern[i:], " \t")
	}
	return pattern
}

// protocolVersion returns the version of HTTP of a request, as the semantic conventions
// write it.
func protocolVersion(major, minor int) string {
	switch {
	case major == 1 && minor == 0:
		return "1.0"
	case major == 1:
		return "1.1"
	}
	return strconv.Itoa(major)
}

// measuredTransport records how long the backend takes.
type measuredTransport struct {
	http.RoundTripper
	metrics *httpMetrics
}

// RoundTrip implements [http.RoundTripper].
func (t measuredTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	labels := labeledRequest{method: knownMethod(r.Method), server: t.metrics.server}
	began := time.Now()
	res, err := t.RoundTripper.RoundTrip(r)
	took := time.Since(began)
	switch {
	case err != nil:
		labels.fault = faultOf(r.Context(), err)
	case res.StatusCode >= http.StatusBadRequest:
		labels.fault = strconv.Itoa(res.StatusCode)
		fallthrough
	default:
		labels.status, labels.version = res.StatusCode, protocolVersion(res.ProtoMajor, res.ProtoMinor)
	}
	t.metrics.record(r.Context(), t.metrics.asked, took, labels)
	return res, err
}

// serverOf returns the host and the port of a URL.
func serverOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Host
	case u.Scheme == "https":
		return net.JoinHostPort(u.Hostname(), "443")
	}
	return net.JoinHostPort(u.Hostname(), "80")
}

// faultOf returns a word for an error of the connection to the backend.
func faultOf(ctx context.Context, err error) string {
	operation, ok := errors.AsType[*net.OpError](err)
	switch {
	case clientGone(ctx):
		return "client_gone"
	case timedOut(ctx, err):
		return "timeout"
	case ok && operation.Op == "dial":
		return "unreachable"
	}
	return "_OTHER"
}
