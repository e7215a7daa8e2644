package proxy_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// BenchmarkPassThrough measures a request that no rule matches, with an answer of 1 KB. The
// allocations are those of the client, the proxy and a backend that allocates little. "bare"
// is the same through a bare ReverseProxy.
func BenchmarkPassThrough(b *testing.B) {
	text := answer("HTTP/1.1 200 OK\nContent-Type: application/json\nDate: Mon, 30 Nov 2026 12:00:00 GMT", `{"items":"`+strings.Repeat("x", 1012)+`"}`)
	b.Run("bare", func(b *testing.B) {
		backend := proxytest.Start(b, func(r *proxytest.Request) { r.Send(text) })
		front := httptest.NewServer(bareProxy(backend.URL))
		b.Cleanup(front.Close)
		benchmarkGets(b, front.URL+"/api/1k")
	})
	for name, mode := range map[string]proxy.Diagnose{"off": proxy.DiagnoseOff, "auto": proxy.DiagnoseAuto} {
		b.Run("diagnose="+name, func(b *testing.B) {
			s := diagnosing(setup{rules: []proxy.Rule{rule(b, "POST /login", "json:access_token")}, options: withoutLog}, mode)
			f, _ := startResponding(b, text, s)
			benchmarkGets(b, f.URL+"/api/1k")
		})
	}
}

// benchmarkGets gets a URL again and again over one connection.
func benchmarkGets(b *testing.B, url string) {
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	b.Cleanup(client.CloseIdleConnections)
	b.ReportAllocs()
	for b.Loop() {
		res, err := client.Get(url)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
			b.Fatalf("got %s, %v; want 200", res.Status, err)
		}
		res.Body.Close()
	}
}

// cannedTransport answers every request with the same text.
type cannedTransport struct{ body string }

func (t cannedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Request: r, ContentLength: int64(len(t.body)),
		Header: http.Header{"Content-Type": {"application/json"}, "Date": {"Mon, 30 Nov 2026 12:00:00 GMT"}, "Content-Length": {"1024"}},
		Body:   io.NopCloser(strings.NewReader(t.body)),
	}, nil
}

// discarding is a ResponseWriter that discards a response.
type discarding struct{ header http.Header }

func (d discarding) Header() http.Header              { return d.header }
func (d discarding) Write(b []byte) (int, error)      { return len(b), nil }
func (d discarding) WriteHeader(int)                  {}
func (d discarding) Flush()                           {}
func (d discarding) SetWriteDeadline(time.Time) error { return nil }

// BenchmarkExchange measures what the proxy itself does for a request that no rule matches,
// without net/http's server and transport. "bare" is a ReverseProxy alone.
func BenchmarkExchange(b *testing.B) {
	backend := cannedTransport{strings.Repeat("x", 1024)}
	run := func(name string, h http.Handler) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest("GET", "/api/1k", nil)
				r.Header = http.Header{"Accept": {"*/*"}, "User-Agent": {"test"}, "Authorization": {"Bearer abc"}, "Accept-Encoding": {"gzip"}}
				h.ServeHTTP(discarding{http.Header{}}, r)
			}
		})
	}
	address := &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	bare := bareProxy(address)
	bare.Transport = backend
	run("bare", bare)
	f := start(b, address, setup{rules: []proxy.Rule{rule(b, "POST /login", "json:access_token")}, options: withoutLog})
	proxy.UseTransport(f.proxy, backend)
	run("proxy", f.proxy)
}
