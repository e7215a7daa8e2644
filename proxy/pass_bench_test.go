package proxy_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

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
