// Package sidecar turns a configuration into a running process: it opens what the
// configuration names, serves, applies changed files, checks and stops.
//
// A [Sidecar] lives as long as the process. A generation has everything that is made
// from one configuration; a reload makes the next generation. The package does not
// print anything, and does not know exit codes.
package sidecar

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/hooks"
	"github.com/tokengraft/tokengraft/internal/admin"
	"github.com/tokengraft/tokengraft/internal/budget"
	"github.com/tokengraft/tokengraft/internal/certs"
	"github.com/tokengraft/tokengraft/internal/connlimit"
	"github.com/tokengraft/tokengraft/internal/history"
	"github.com/tokengraft/tokengraft/internal/supervise"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// Options are the parts of a [Sidecar] that are not in its configuration.
type Options struct {
	// Logger gets the log. Nil discards it.
	Logger *slog.Logger
	// Meter records metrics. Nil records none.
	Meter metric.Meter
	// Tracer traces requests. Nil traces none.
	Tracer trace.Tracer
	// Source finds documents, instead of the source in the configuration. It may
	// implement [enrich.Checker], and Watch as mongodoc.Source does. The caller closes
	// it.
	Source enrich.Source
	// Functions runs JavaScript functions. Nil means that none is linked: a
	// configuration that names functions is then an error.
	Functions hooks.Engine
	// Load loads the configuration again. [Sidecar.Run] calls it when a file has
	// changed. Nil keeps the configuration as it is.
	Load func() (*config.Config, error)
	// Parse is Load for a text that is not in the file yet. Nil allows no drafts.
	Parse func(text []byte) (*config.Config, error)
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Meter == nil {
		o.Meter = noop.Meter{}
	}
	return o
}

// A Sidecar is an [http.Handler] with the background work that it needs.
type Sidecar struct {
	o         Options
	cache     *cache.Cache
	readiness *admin.Readiness
	public    *certs.Pair      // the certificate for clients; nil without tls
	refusals  *budget.Refusals // of connections
	reloader  *reloader
	shared    *shared

	past past // what the console shows

	connections atomic.Pointer[connlimit.Pool] // of the public listener; nil until it listens

	withoutHooks bool       // nothing runs when users sign in, whatever the configuration says
	limitsMemory bool       // the process calls LimitMemory; set before Run
	mu           sync.Mutex // held while the generation or its discovery is replaced
	generation   atomic.Pointer[generation]
	background   background      // of the goroutine of Run
	risks        map[string]bool // those in the log; of the same goroutine
	closing      sync.WaitGroup  // documents and functions of earlier generations
}

// Open opens everything that the configuration names. It reads files and sends
// nothing over the network, so it works while the backend and MongoDB cannot be
// reached. The caller calls Close.
func Open(cfg *config.Config, o Options) (*Sidecar, error) {
	return open(cfg, o, false)
}

// open is Open, with hooks or without.
func open(cfg *config.Config, o Options, withoutHooks bool) (*Sidecar, error) {
	o = o.withDefaults()
	past := newPast()
	o.Logger = slog.New(past.failures.Handler(o.Logger.Handler()))
	s := &Sidecar{o: o, past: past, withoutHooks: withoutHooks, readiness: admin.NewReadiness(o.Logger), background: newBackground(o.Logger), shared: newShared(cfg)}
	var err error
	if s.reloader, err = newReloader(s, cfg); err != nil {
		return nil, err
	}
	if s.refusals, err = budget.NewRefusals(o.Meter, o.Logger); err != nil {
		return nil, err
	}
	if s.cache, err = cache.New(cacheOptions(cfg, o)); err != nil {
		return nil, err
	}
	public, errPublic := openPublic(cfg, o.Logger)
	g, err := newGeneration(s, cfg, nil)
	if err := errors.Join(errPublic, err); err != nil {
		s.cache.Close()
		return nil, err
	}
	s.public = public
	s.generation.Store(g)
	s.updateReadiness()
	return s, nil
}

// missingFor is how long cache.missing_for: auto remembers users without a document, while
// the change stream is followed.
const missingFor = 5 * time.Second

func cacheOptions(cfg *config.Config, o Options) cache.Options {
	return cache.Options{
		MaxBytes:   int64(cfg.Cache.MaxBytes),
		MissingFor: cfg.Cache.MissingFor.Or(missingFor), MissingIfFollowed: cfg.Cache.MissingFor.IsAuto(),
		StaleFor: cfg.Cache.StaleFor,
		Meter:    o.Meter, Logger: o.Logger,
	}
}

// current returns the generation for new requests.
func (s *Sidecar) current() *generation { return s.generation.Load() }

// ServeHTTP implements [http.Handler]. A request uses the generation that it started
// with to its end, and keeps the documents of that generation open.
func (s *Sidecar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := s.current()
	for !g.documents.uses.acquire() { // a reload has replaced it
		g = s.current()
	}
	defer g.documents.uses.release()
	g.proxy.ServeHTTP(w, r)
}

// Readiness answers 200 if requests should be sent here, else 503. It needs Run.
func (s *Sidecar) Readiness() http.Handler { return s.readiness }

// Fetch fetches the backend's keys and discovery document now, rather than with the
// first token. It logs what it cannot fetch.
func (s *Sidecar) Fetch(ctx context.Context) { s.current().fetch(ctx) }

// Run does the work in the background until ctx ends: it follows keys, documents,
// certificates and the backend's discovery document, probes what the sidecar
// needs, and applies changed files. Call it once.
func (s *Sidecar) Run(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { s.readiness.Run(ctx) })
	if s.public != nil {
		running.Go(func() { s.public.Run(ctx) })
	}
	s.mu.Lock()
	logStart(nil, s.current().startLines(), s.o.Logger)
	s.mu.Unlock()
	s.risks = logRisks(nil, s.current().cfg, s.o.Logger)
	s.background.update(ctx, s.current().tasks())
	s.reloader.run(ctx)
	s.background.stop()
	running.Wait()
}

// Serve listens, does the work of Run and serves until ctx ends. Then it stops
// and closes the sidecar: first it becomes not ready, then requests in flight finish,
// and telemetry is flushed last.
func (s *Sidecar) Serve(ctx context.Context, o ServeOptions) error {
	s.limitsMemory = o.LimitsMemory
	s.past.figures = history.NewFigures(s.gather(o.Gather))
	servers, err := listen(s, o)
	if err != nil {
		return err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	running := make(chan struct{})
	go func() {
		defer close(running)
		var figures sync.WaitGroup
		figures.Go(func() { supervise.Run(background, s.o.Logger, "figures", s.past.figures.Run) })
		s.Run(background)
		figures.Wait()
	}()
	failed := make(chan error, len(servers))
	for _, server := range servers {
		go func() { failed <- server.serve() }()
	}
	var fault error
	select {
	case fault = <-failed:
	case <-ctx.Done():
		s.o.Logger.Info("stopping", "grace", s.current().cfg.Timeouts.Shutdown.String())
	}
	s.readiness.Stop()
	stopServers(servers, s.current().cfg.Timeouts, s.o.Logger)
	stop()
	<-running
	flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := errors.Join(s.Close(flush), o.Flush(flush)); err != nil {
		s.o.Logger.Warn("errors while stopping", "error", err)
	}
	s.o.Logger.Info("stopped")
	return fault
}

// Reload makes Run load the configuration again, even if no file has changed. It does
// not wait; the log has the result.
func (s *Sidecar) Reload() { s.reloader.ask() }

// apply makes the configuration the current one. It opens and prepares everything
// first, so that a fault changes nothing. Requests in flight finish with their own
// generation. Only the goroutine of Run calls it.
func (s *Sidecar) apply(ctx context.Context, cfg *config.Config) error {
	before := s.current()
	next, err := newGeneration(s, cfg, before)
	if err != nil {
		return err
	}
	next.prepare(ctx, before)
	if err := s.cache.Adjust(cacheOptions(cfg, s.o)); err != nil {
		next.discard(before)
		return err
	}
	s.limitMemoryAgain(before.cfg, cfg)
	s.risks = logRisks(s.risks, cfg, s.o.Logger)
	s.shared.resize(cfg)
	if pool := s.connections.Load(); pool != nil {
		pool.Resize(capacityOf(cfg).Bounds)
	}
	s.replace(before, next)
	s.mu.Lock()
	logStart(before.startLines(), next.startLines(), s.o.Logger)
	s.mu.Unlock()
	s.updateReadiness() // before the old source closes, so that no probe uses it
	s.background.update(ctx, next.tasks())
	s.retire(ctx, before, next)
	return nil
}

// replace makes next the current generation. If both share a follower that has read a
// new discovery document in the meantime, replace applies it to next.
func (s *Sidecar) replace(before, next *generation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if next.follower == before.follower && next.discovery != before.discovery {
		next.applyDiscovery(*before.discovery)
	}
	s.generation.Store(next)
}

// applyDiscovery applies a discovery document to the current generation. It ignores a
// follower that a reload has replaced.
func (s *Sidecar) applyDiscovery(from *oidc.Follower, d oidc.Discovery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.current()
	if g.follower != from {
		return
	}
	before := g.startLines()
	if g.applyDiscovery(d) {
		s.o.Logger.Info("applied the backend's discovery document", "issuer", d.Issuer, "token_endpoint", d.Token, "jwks_uri", d.JWKS)
		logStart(before, g.startLines(), s.o.Logger)
	}
}

// updateReadiness sets the conditions of readiness to those of the current generation.
func (s *Sidecar) updateReadiness() {
	s.readiness.Use(append(s.current().conditions(), s.reloader.condition())...)
}

// Close frees what Open made. Run must have returned, and no request may be in
// flight.
func (s *Sidecar) Close(ctx context.Context) error {
	s.closing.Wait()
	s.cache.Close()
	return errors.Join(s.current().signIns.close(ctx), s.current().calls.close(ctx), s.current().documents.close(ctx))
}
