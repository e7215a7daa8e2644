// Embed runs tokengraft inside a Go program, on the program's own listener and next
// to its other handlers. It reads the same configuration file as the command
// `tokengraft serve`.
//
//	go run ./examples/embed tokengraft.yaml 127.0.0.1:8080
package main

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/proxy/sidecar"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: embed CONFIGURATION ADDRESS")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

// newSidecar returns the handler and starts its background work.
func newSidecar(file string) (*sidecar.Sidecar, error) {
	load := func() (*config.Config, error) { return config.Load(file, os.LookupEnv) }
	cfg, err := load()
	if err != nil {
		return nil, err
	}
	s, err := sidecar.New(cfg, sidecar.Options{Logger: slog.Default(), Load: load})
	if err != nil {
		return nil, err
	}
	go s.Run(context.Background())
	return s, nil
}

// serve serves until ctx ends, and then finishes the requests in flight.
func serve(ctx context.Context, file, address string) error {
	s, err := newSidecar(file)
	if err != nil {
		return err
	}
	defer s.Close() // when no request is in flight any longer

	mux := http.NewServeMux()
	mux.Handle("/", s)
	mux.Handle("GET /readyz", s.Ready())
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello\n")) })
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 10 * time.Second}

	finished := make(chan error, 1)
	context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.Background(), 8*time.Second)
		defer cancel()
		finished <- server.Shutdown(grace)
	})
	slog.Info("listening", "address", address)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-finished
}
