package proxy_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/tokengraft/tokengraft/proxy"
)

// Over TLS the names are kept over HTTP/1. HTTP/2 has no spelling, and is still used where
// the backend offers it, except for WebSocket.
func TestHeaderNames_OverTLS(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		backend := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Upgrade") != "" {
				conn, buffered, _ := http.NewResponseController(w).Hijack()
				defer conn.Close()
				fmt.Fprintf(buffered, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n")
				buffered.Flush()
				return
			}
			w.Header()["Date"] = nil
			w.Header()["X-ID"] = []string{r.Proto}
		}))
		backend.EnableHTTP2 = http2
		backend.StartTLS()
		t.Cleanup(backend.Close)
		address, _ := url.Parse(backend.URL)
		roots := x509.NewCertPool()
		roots.AddCert(backend.Certificate())
		f := start(t, address, setup{options: func(o *proxy.Options) { o.TLS = &tls.Config{RootCAs: roots} }})
		w := f.dial(t)
		want := "X-ID: HTTP/1.1"
		if http2 {
			want = "X-Id: HTTP/2.0"
		}
		for range 2 {
			w.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			if got := rawHead(t, w.read); !slices.Contains(got, want) {
				t.Errorf("HTTP/2 %t: got %q, want %q", http2, got, want)
			}
		}
		w.send("GET /socket HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		if got := fmt.Sprint(rawHead(t, w.read)); got != "[Connection: Upgrade Sec-WebSocket-Accept: x Upgrade: websocket]" {
			t.Errorf("HTTP/2 %t: the upgrade got %s, want the names of the backend", http2, got)
		}
	}
}
