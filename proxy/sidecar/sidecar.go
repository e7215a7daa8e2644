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
// The settings listen, admin, tls and timeouts.shutdown have no effect here, because
// the program does that work itself. All other settings mean the same as in a file.
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
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/internal/sidecar"
)

// Options are the parts of a [Sidecar] that are not in its configuration. The zero
// Options work.
type Options struct {
	// Logger gets the log. Nil discards it.
	Logger *slog.Logger
	// Meter records the metrics. Nil records none.
	Meter metric.Meter
	// Tracer traces requests and propagates the trace context to the backend. Nil
	// forwards the trace context unchanged.
	Tracer trace.Tracer
	// Source finds documents, instead of the source in the configuration, which then
	// may be missing. If it implements [enrich.Checker], a circuit breaker guards it.
	// If it has a method Watch(context.Context, enrich.Invalidator) error, its changes
	// are followed. The caller closes it.
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
type Sidecar struct {
	sidecar *sidecar.Sidecar

	mu      sync.Mutex
	closed  chan struct{} // closed by Close
	running sync.WaitGroup
}

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
	return &Sidecar{sidecar: s, closed: make(chan struct{})}, nil
}

// withoutListeners returns a copy of the configuration with values for what is
// required in a file and unused in a program.
func withoutListeners(cfg *config.Config, o Options) *config.Config {
	c := *cfg
	c.Rules, c.Triggers = slices.Clone(cfg.Rules), slices.Clone(cfg.Triggers) // Validate completes them
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

// Run does the background work until ctx ends or the sidecar is closed: it follows
// keys, documents and the backend's discovery document, and applies changed files.
// Call it once. Without it the handler works, but nothing is refreshed: the
// backend's keys are fetched when a token needs them, triggers that no login waits
// for do not run, and a source of documents that has failed three times in a row is
// never asked again.
func (s *Sidecar) Run(ctx context.Context) {
	if !s.begin() {
		return
	}
	defer s.running.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-s.closed:
			cancel()
		case <-ctx.Done():
		}
	}()
	s.sidecar.Run(ctx)
}

// begin reports whether Run may start: the sidecar is not closed.
func (s *Sidecar) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return false
	default:
		s.running.Add(1)
		return true
	}
}

// Ready answers like /readyz of the admin listener: 200 when requests should be
// sent here, else 503. It needs Run.
func (s *Sidecar) Ready() http.Handler { return s.sidecar.Readiness() }

// closeTimeout bounds closing the connections to the source of documents.
const closeTimeout = time.Second

// Close ends Run, waits for it, and frees what New opened. No request may be in
// flight or follow. A second call does nothing.
func (s *Sidecar) Close() error {
	if !s.end() {
		return nil
	}
	s.running.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return s.sidecar.Close(ctx)
}

// end ends Run. It reports whether it is the first to do so.
func (s *Sidecar) end() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return false
	default:
		close(s.closed)
		return true
	}
}
