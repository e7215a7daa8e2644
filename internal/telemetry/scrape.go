package telemetry

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"time"

	"go.opentelemetry.io/otel"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// A scrapeServer is what OTEL_METRICS_EXPORTER=prometheus asks for: /metrics on a
// listener of its own. As a reader it has nothing to do but to end with the others.
type scrapeServer struct {
	*sdkmetric.ManualReader
	server *http.Server
}

// serveScrapes answers GET /metrics on the address of the standard variables.
func serveScrapes(ctx context.Context, handler http.Handler) (sdkmetric.Reader, error) {
	address := net.JoinHostPort(
		cmp.Or(os.Getenv("OTEL_EXPORTER_PROMETHEUS_HOST"), "localhost"),
		cmp.Or(os.Getenv("OTEL_EXPORTER_PROMETHEUS_PORT"), "9464"))
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", handler)
	s := &scrapeServer{
		ManualReader: sdkmetric.NewManualReader(),
		server:       &http.Server{Handler: mux, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute},
	}
	go func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			otel.Handle(err)
		}
	}()
	return s, nil
}

// Shutdown closes the listener.
func (s *scrapeServer) Shutdown(ctx context.Context) error {
	return errors.Join(s.ManualReader.Shutdown(ctx), s.server.Shutdown(ctx))
}
