// Package sidecar runs tokengraft inside a Go program: it turns a configuration
// into an [http.Handler] in front of an auth backend.
//
// The configuration comes from a file, or from Go:
//
//	cfg, err := config.Load("tokengraft.yaml", os.LookupEnv)
//	if err != nil {
//		return err
//	}
//	s, err := sidecar.New(cfg, sidecar.Options{Logger: slog.Default()})
//	if err != nil {
//		return err
//	}
//	defer s.Close()
//	go s.Run(ctx)
//	return http.ListenAndServe("127.0.0.1:8080", s)
//
// Of the configuration, the program replaces what it does itself: listen, admin,
// tls and timeouts.shutdown have no effect here. Everything else means what it
// means in a file.
//
// The handler does the whole job of the command `tokengraft serve`: it forwards
// every request, restores enriched tokens in requests, and enriches the tokens in
// responses that a rule matches. It never fails a request because it cannot
// enrich, unless the configuration says on_failure: refuse.
package sidecar

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/internal/sidecar"
)

// Options are what a [Sidecar] is made of besides its configuration. The zero
// Options work.
type Options struct {
	// Logger gets the log. Nil discards it.
	Logger *slog.Logger
	// Meter records the metrics. Nil records none.
	Meter metric.Meter
	// Tracer traces requests and propagates the trace context to the backend. Nil
	// passes the trace context on as it came.
	Tracer trace.Tracer
	// Source is where documents come from, instead of the documents of the
	// configuration, which then may be missing. One that implements
	// [enrich.Checker] is guarded by a circuit breaker, and one with a method
	// Watch(context.Context, enrich.Invalidator) error is followed. The caller
	// closes it.
	Source enrich.Source
	// Functions compiles the functions that the configuration names:
	// javascript.Engine. Nil makes a configuration with functions an error.
	Functions hooks.Engine
	// Load loads the configuration again. [Sidecar.Run] calls it when a file of
	// the configuration has changed, and applies the result without losing a
	// request. Nil keeps the configuration of New.
	Load func() (*config.Config, error)
}

// A Sidecar is an [http.Handler] with its background work. It is safe for
// concurrent use.
type Sidecar struct{ sidecar *sidecar.Sidecar }

// New makes a sidecar from a configuration of [config.Load] or [config.Default].
// It reads files, but sends nothing over the network, so it works while the
// backend and MongoDB are away. The error is every fault of the configuration, or
// what the configuration names and cannot be opened. The caller does not change cfg
// afterwards, and calls Close.
func New(cfg *config.Config, o Options) (*Sidecar, error) {
	cfg = withoutListeners(cfg, o)
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s, err := sidecar.Open(cfg, sidecar.Options(o))
	if err != nil {
		return nil, err
	}
	return &Sidecar{s}, nil
}

// withoutListeners returns a copy of the configuration with values for what is
// required in a file and unused in a program.
func withoutListeners(cfg *config.Config, o Options) *config.Config {
	c := *cfg
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if o.Source != nil && c.Documents.File == "" && c.Documents.MongoDB.URI.Reveal() == "" {
		c.Documents.File, c.Documents.UserIDField = "Options.Source", "Options.Source"
	}
	return &c
}

// ServeHTTP implements [http.Handler].
func (s *Sidecar) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.sidecar.ServeHTTP(w, r) }

// Run does the background work until ctx ends: it follows keys, documents and the
// backend's discovery document, and applies changed files. Call it once. Without
// it the handler works, but nothing is refreshed: the backend's keys are fetched
// when a token needs them, and triggers that no login waits for do not run.
func (s *Sidecar) Run(ctx context.Context) { s.sidecar.Run(ctx) }

// Ready answers like /readyz of the admin listener: 200 when requests should be
// sent here, else 503. It needs Run.
func (s *Sidecar) Ready() http.Handler { return s.sidecar.Readiness() }

// closeTimeout bounds closing the connections to the source of documents.
const closeTimeout = time.Second

// Close frees what New opened. Run must have returned, and no request may be in
// flight.
func (s *Sidecar) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return s.sidecar.Close(ctx)
}
