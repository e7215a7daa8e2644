package proxy_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// series returns how many requests a histogram has, by its labels.
func (f *fixture) series(t *testing.T, metric string) map[string]uint64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := f.meters.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	counts := map[string]uint64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			histogram, ok := m.Data.(metricdata.Histogram[float64])
			for i := 0; ok && m.Name == metric && i < len(histogram.DataPoints); i++ {
				point := histogram.DataPoints[i]
				counts[point.Attributes.Encoded(attribute.DefaultEncoder())] += point.Count
			}
		}
	}
	return counts
}

func TestHTTPMetrics_CountEachRequestOnceWithTheConventions(t *testing.T) {
	f, _ := startResponding(t, twoTokens, setup{rules: []proxy.Rule{rule(t, "POST /login", "json:access_token")}})
	f.ask(t, login)
	f.ask(t, request("eyJhbGciOiJIUzI1NiJ9", "/user/4711?secret=1", nil, ""))
	waitFor(t, "two requests to be counted", func() bool { return len(f.series(t, "http.server.request.duration")) == 2 })
	const common = "http.response.status_code=200,network.protocol.version=1.1,"
	for _, want := range []string{
		"http.request.method=POST,http.response.status_code=200,http.route=/login,network.protocol.version=1.1,url.scheme=http",
		"http.request.method=_OTHER," + common + "url.scheme=http",
	} {
		if n := f.series(t, "http.server.request.duration")[want]; n != 1 {
			t.Errorf("http.server.request.duration = %v, want one with %s", f.series(t, "http.server.request.duration"), want)
		}
	}
	asked := f.series(t, "http.client.request.duration")
	for labels, n := range asked {
		if !strings.Contains(labels, common+"server.address=127.0.0.1,server.port=") || n != 1 {
			t.Errorf("http.client.request.duration has %d with %s, want one with the address of the backend", n, labels)
		}
	}
	if len(asked) != 2 {
		t.Errorf("http.client.request.duration = %v, want two methods", asked)
	}
	if n := f.counted(t, "http.server.active_requests", attribute.String("url.scheme", "http")); n != 0 {
		t.Errorf("http.server.active_requests = %d after all requests, want 0", n)
	}
}

func TestHTTPMetrics_SayWhyABackendDidNotAnswer(t *testing.T) {
	backend, err := url.Parse("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	f := start(t, backend, setup{})
	if res, _ := f.ask(t, request("GET", "/", nil, "")); res.StatusCode != http.StatusBadGateway {
		t.Fatalf("status = %d, want 502", res.StatusCode)
	}
	waitFor(t, "the request to be counted", func() bool { return len(f.series(t, "http.server.request.duration")) == 1 })
	for metric, want := range map[string]string{
		"http.client.request.duration": "error.type=unreachable,http.request.method=GET,server.address=127.0.0.1,server.port=1",
		"http.server.request.duration": "error.type=502,http.request.method=GET,http.response.status_code=502,network.protocol.version=1.1,url.scheme=http",
	} {
		if got := f.series(t, metric); got[want] != 1 {
			t.Errorf("%s = %v, want one with %s", metric, got, want)
		}
	}
}

func TestHTTPMetrics_SayThatAResponseWasCutOff(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthe start")
		r.Close()
	})
	f := start(t, backend.URL, setup{})
	w := f.dial(t)
	w.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	if body, err := io.ReadAll(w.receive("GET").Body); err == nil {
		t.Fatalf("the response has the body %q, want that it is cut off", body)
	}
	const want = "error.type=aborted,http.request.method=GET,http.response.status_code=200,network.protocol.version=1.1,url.scheme=http"
	waitFor(t, "the request to be counted", func() bool { return len(f.series(t, "http.server.request.duration")) == 1 })
	if got := f.series(t, "http.server.request.duration"); got[want] != 1 {
		t.Errorf("http.server.request.duration = %v, want one with %s", got, want)
	}
	if n := f.counted(t, "http.server.active_requests", attribute.String("url.scheme", "http")); n != 0 {
		t.Errorf("http.server.active_requests = %d after the request, want 0", n)
	}
}
