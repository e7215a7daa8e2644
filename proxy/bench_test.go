package proxy_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy"
)

// BenchmarkProxy measures a login through the proxy, and through a bare ReverseProxy with
// the same transport settings and backend. The metric x-bare is the time of a login
// divided by the time through the bare ReverseProxy.
func BenchmarkProxy(b *testing.B) {
	var issued string
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, issued)
	}))
	b.Cleanup(backend.Close)
	backendURL, err := url.Parse(backend.URL)
	if err != nil {
		b.Fatal(err)
	}
	var bare time.Duration // of one login
	b.Run("bare", func(b *testing.B) {
		front := httptest.NewServer(bareProxy(backendURL))
		b.Cleanup(front.Close)
		issued = `{"access_token":"` + strings.Repeat("x", 500) + `"}`
		benchmarkLogins(b, front.URL+"/login")
		bare = b.Elapsed() / time.Duration(b.N)
		b.ReportMetric(1, "x-bare")
	})
	run := func(name, algorithm, path string) {
		b.Run(name, func(b *testing.B) {
			f := start(b, backendURL, setup{algorithm: algorithm, rules: []proxy.Rule{rule(b, "POST /login", "json:access_token")}, options: withoutLog})
			issued = `{"access_token":"` + f.token("") + `"}`
			benchmarkLogins(b, f.URL+path)
			if bare > 0 {
				b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(bare), "x-bare")
			}
		})
	}
	run("passthrough", "HS256", "/other")
	for _, algorithm := range []string{"HS256", "EdDSA", "ES256", "RS256"} {
		run(algorithm, algorithm, "/login")
	}
}

// withoutLog discards the log, so that it is not measured.
func withoutLog(o *proxy.Options) { o.Logger = slog.New(slog.DiscardHandler) }

// bareProxy returns a proxy that only forwards.
func bareProxy(backend *url.URL) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(backend) },
		Transport:     &http.Transport{MaxIdleConnsPerHost: 1024, IdleConnTimeout: time.Second, DisableCompression: true},
		FlushInterval: -1,
	}
}

// benchmarkLogins posts a login form again and again over one connection.
func benchmarkLogins(b *testing.B, url string) {
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	b.Cleanup(client.CloseIdleConnections)
	b.ReportAllocs()
	for b.Loop() {
		res, err := client.Post(url, "application/x-www-form-urlencoded", strings.NewReader("grant_type=password&username=u&password=p"))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
			b.Fatalf("login = %s, %v; want 200", res.Status, err)
		}
		res.Body.Close()
	}
}
