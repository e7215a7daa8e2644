//go:build otlpgrpc

package telemetry

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// Both exporters speak HTTP/2 to the collector, as gRPC does.
func TestStart_ExportsOverGRPC(t *testing.T) {
	for signal, export := range map[string]func(*Telemetry){
		"TRACES":  func(s *Telemetry) { _, span := s.Tracer.Start(t.Context(), "login"); span.End() },
		"METRICS": func(*Telemetry) {},
	} {
		t.Run(signal, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			preface := make(chan string, 1)
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				first := make([]byte, len(http2.ClientPreface))
				io.ReadFull(bufio.NewReader(conn), first)
				preface <- string(first)
			}()
			withoutExports(t)
			t.Setenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT", "http://"+listener.Addr().String())
			t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
			started, err := Start(t.Context(), slog.New(slog.NewTextHandler(t.Output(), nil)), Build{Version: "v1"})
			if err != nil {
				t.Fatal(err)
			}
			export(started)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_ = started.Shutdown(ctx) // fails, because nothing answers
			select {
			case got := <-preface:
				if got != http2.ClientPreface {
					t.Errorf("the exporter sent %q, want the preface of HTTP/2", got)
				}
			case <-time.After(5 * time.Second):
				t.Error("the exporter did not connect to the collector")
			}
		})
	}
}
