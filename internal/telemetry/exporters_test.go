package telemetry

import (
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// The variables of OTLP with TLS and headers reach the exporters.
func TestStart_ExportsOverTLS(t *testing.T) {
	withoutExports(t)
	var mu sync.Mutex
	received := map[string]string{}
	collector := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		received[r.URL.Path] = r.Header.Get("Api-Key")
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	defer collector.Close()
	certificate := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: collector.Certificate().Raw}
	if err := os.WriteFile(certificate, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", certificate)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=k1")
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")

	started, err := Start(t.Context(), slog.New(slog.NewTextHandler(t.Output(), nil)), Build{Version: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	_, span := started.Tracer.Start(t.Context(), "a span")
	span.End()
	if err := started.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, path := range []string{"/v1/traces", "/v1/metrics"} {
		if received[path] != "k1" {
			t.Errorf("%s was asked with the key %q, want k1", path, received[path])
		}
	}
}
