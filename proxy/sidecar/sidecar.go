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
// The settings listen, admin, admin_token, tls, h2c, limits.connections, timeouts.shutdown
// and timeouts.drain have no effect here, because the program itself listens and shuts
// down. All other settings mean the same as in the command `tokengraft serve`.
//
// The program's own server must bound what happens before a request reaches the handler:
// set ReadHeaderTimeout, set MaxHeaderBytes to a little more than limits.headers, and limit
// the number of connections and the memory of the process (GOMEMLIMIT).
//
// The handler does the same as that command: it forwards every request, restores
// enriched tokens in requests, and enriches the tokens in responses that a rule matches.
// If it cannot enrich, the client gets the original response, unless the configuration
// says on_failure: refuse, or that the rule is a gate.
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
// Options are valid.
type Options struct {
	// Logger gets the log. Nil discards it.
	Logger *slog.Logger
	// Meter records the metrics. Nil records none.
	Meter metric.Meter
	// Tracer traces requests and propagates the trace context to the backend. Nil
	// forwards the trace context unchanged.
	Tracer trace.Tracer
	// Source replaces the source of documents in the configuration, which then may be
	// missing there. If it implements [enrich.Checker], a circuit breaker protects it.
	// If it has a method Watch(context.Context, enrich.Invalidator) error, its changes
	// are followed. The caller closes it. Of the section claim that says what of a
	// document is in tokens, only credentials applies to it, with the paths of include.
	// Nil means the source in the configuration.
	Source enrich.Source
	// Functions compiles the functions that the configuration names. Use
	// javascript.Engine of package enrich/hooks/javascript. With nil, New returns an
	// error if the configuration names functions.
	Functions hooks.Engine
	// Load loads the configuration again. [Sidecar.Run] calls it when a file of the
	// configuration has changed, and applies the result without dropping a request. If
	// it returns an error, the error is logged and nothing changes. Nil keeps the
	// configuration that was passed to New.
	Load func() (*config.Config, error)
}

// A Sidecar is an [http.Handler] and its background work. Make one with [New]. It is
// safe for concurrent use.
type Sidecar struct {
	sidecar *sidecar.Sidecar

	mu      sync.Mutex
	closed  chan struct{} // closed by Close
	running sync.WaitGroup
}

// New returns a sidecar for a configuration of [config.Load] or [config.Default]. It
// reads files but sends nothing over the network, so it succeeds while the backend or
// MongoDB cannot be reached. The error has every fault of the configuration. If the
// configuration is valid, the error says what could not be opened, such as a file.
//
// Do not modify cfg afterwards. Call [Sidecar.Close] when you no longer use the sidecar.
func New(cfg *config.Config, o Options) (*Sidecar, error) {
	cfg = withoutListeners(cfg, o)
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s, err := sidecar.Open(cfg, sidecar.Options{
		Logger: o.Logger, Meter: o.Meter, Tracer: o.Tracer, Source: o.Source, Functions: o.Functions, Load: o.Load,
	})
	if err != nil {
		return nil, err
	}
	return &Sidecar{sidecar: s, closed: make(chan struct{})}, nil
}

// withoutListeners returns a copy of the configuration. It sets settings that are
// required in a file but not used here.
func withoutListeners(cfg *config.Config, o Options) *config.Config {
	c := *cfg
	c.Rules, c.Triggers = slices.Clone(cfg.Rules), slices.Clone(cfg.Triggers) // Validate writes to them
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
// keys, documents and the backend's discovery document, and applies changed files. Call
// it once.
//
// Without Run the handler works, with these limits:
//
//   - The backend's keys are only fetched when a token needs them.
//   - The backend's discovery document is never fetched, so it adds no rules.
//   - A login may get a cached document that has changed.
//   - A source of documents that has failed three times in a row is never used again.
//   - Triggers that no login waits for do not run.
func (s *Sidecar) Run(ctx context.Context) {
	if !s.startRun() {
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

// startRun reports whether Run may start, because the sidecar is not closed. If so, it
// adds Run to running.
func (s *Sidecar) startRun() bool {
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

// Ready returns a handler that answers like /readyz of the admin listener: 200 if the
// sidecar is ready for requests, otherwise 503. It requires Run.
func (s *Sidecar) Ready() http.Handler { return s.sidecar.Readiness() }

// closeTimeout limits how long Close waits for the connections to the source of
// documents.
const closeTimeout = time.Second

// Close stops Run, waits until it has returned, and closes everything that New opened.
// Stop serving requests before you call it. A second call does nothing and returns nil.
func (s *Sidecar) Close() error {
	if !s.stopRun() {
		return nil
	}
	s.running.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return s.sidecar.Close(ctx)
}

// stopRun stops Run. It reports whether this is the first call.
func (s *Sidecar) stopRun() bool {
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
