// Package sidecar makes a configuration into a running process: it opens what the
// configuration names, serves, applies changed files, checks and stops.
//
// A [Sidecar] is what lives as long as the process. What one configuration is made
// into is a generation; a reload makes the next one. It prints nothing and knows
// no exit codes.
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
	"github.com/tokengraft/tokengraft/internal/certs"
	"github.com/tokengraft/tokengraft/proxy/oidc"
)

// Options are what a [Sidecar] is made of besides its configuration.
type Options struct {
	// Logger gets the log. Nil discards it.
	Logger *slog.Logger
	// Meter records metrics. Nil records none.
	Meter metric.Meter
	// Tracer traces requests. Nil traces none.
	Tracer trace.Tracer
	// Source is where documents come from, instead of what the configuration
	// names. It may implement [enrich.Checker], and Watch as the package's own
	// sources do. Nobody closes it.
	Source enrich.Source
	// Functions runs JavaScript functions. Nil means that none is linked: a
	// configuration that names functions is then an error.
	Functions hooks.Engine
	// Load loads the configuration again. [Sidecar.Run] calls it when a file has
	// changed. Nil keeps the configuration as it is.
	Load func() (*config.Config, error)
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
	public    *certs.Pair // that clients are shown; nil without tls
	reloader  *reloader

	mu         sync.Mutex // held while the generation, or what it discovered, is replaced
	generation atomic.Pointer[generation]
	background background     // of the goroutine of Run
	closing    sync.WaitGroup // documents of earlier generations
}

// Open opens everything that the configuration names. It reads files and asks
// nobody over the network, so it works while the backend and MongoDB are away. The
// caller calls Close.
func Open(cfg *config.Config, o Options) (*Sidecar, error) {
	o = o.withDefaults()
	s := &Sidecar{o: o, readiness: admin.NewReadiness(o.Logger), background: newBackground(o.Logger)}
	var err error
	if s.reloader, err = newReloader(s, cfg); err != nil {
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

func cacheOptions(cfg *config.Config, o Options) cache.Options {
	return cache.Options{
		MaxBytes: int64(cfg.Cache.MaxBytes), MissingFor: cfg.Cache.MissingFor, StaleFor: cfg.Cache.StaleFor,
		Meter: o.Meter, Logger: o.Logger,
	}
}

// current is the generation of requests that come now.
func (s *Sidecar) current() *generation { return s.generation.Load() }

// ServeHTTP implements [http.Handler]. It serves the whole of a request by the
// generation of its beginning, whose documents it needs until its end.
func (s *Sidecar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := s.current()
	for !g.documents.users.acquire() { // replaced since
		g = s.current()
	}
	defer g.documents.users.release()
	g.proxy.ServeHTTP(w, r)
}

// Readiness answers whether requests should be sent here, while Run runs.
func (s *Sidecar) Readiness() http.Handler { return s.readiness }

// Fetch fetches the backend's keys and discovery document now, rather than with the
// first token. It logs what it cannot fetch.
func (s *Sidecar) Fetch(ctx context.Context) { s.current().fetch(ctx) }

// Run does the work in the background until ctx ends: it follows keys, documents,
// certificates and the backend's discovery document, probes what the sidecar
// needs, and applies changed files. It is called once.
func (s *Sidecar) Run(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { s.readiness.Run(ctx) })
	if s.public != nil {
		running.Go(func() { s.public.Run(ctx) })
	}
	s.background.update(ctx, s.current().tasks())
	s.reloader.run(ctx)
	s.background.stop()
	running.Wait()
}

// Serve listens, does the work of Run and serves until ctx ends. Then it stops
// cleanly and closes the sidecar: readiness goes down first, what is in flight
// finishes, telemetry is flushed last.
func (s *Sidecar) Serve(ctx context.Context, o ServeOptions) error {
	servers, err := listen(s, o)
	if err != nil {
		return err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	running := make(chan struct{})
	go func() {
		defer close(running)
		s.Run(background)
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
		s.o.Logger.Warn("stopped with an error", "error", err)
	}
	s.o.Logger.Info("stopped")
	return fault
}

// Reload loads the configuration again even though no file has changed. It does
// not wait: Run does it, and the log says what came of it.
func (s *Sidecar) Reload() { s.reloader.ask() }

// apply makes the configuration the current one. It opens and prepares everything
// first, so that a fault changes nothing. Requests in flight finish by their own
// generation. The goroutine of Run calls it.
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
	s.replace(before, next)
	s.updateReadiness() // before the old source closes, so that nobody probes it then
	s.background.update(ctx, next.tasks())
	if next.documents != before.documents {
		s.retire(ctx, before.documents)
	}
	return nil
}

// replace makes next the current generation, with what before discovered while
// next was made.
func (s *Sidecar) replace(before, next *generation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if next.follower == before.follower && next.discovery != before.discovery {
		next.applyDiscovery(*before.discovery)
	}
	s.generation.Store(next)
}

// applyDiscovery makes the current generation work by what its follower read. It
// ignores a follower that a reload has replaced.
func (s *Sidecar) applyDiscovery(from *oidc.Follower, d oidc.Discovery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.current(); g.follower == from && g.applyDiscovery(d) {
		s.o.Logger.Info("learned from the discovery document", "issuer", d.Issuer, "token_endpoint", d.Token, "jwks_uri", d.JWKS)
	}
}

// updateReadiness makes the sidecar need what the current generation needs.
func (s *Sidecar) updateReadiness() {
	s.readiness.Use(append(s.current().conditions(), s.reloader.condition())...)
}

// lookupGrace is for what a request still does after timeouts.response: look up
// documents and keys.
const lookupGrace = 10 * time.Second

// retire closes documents that the current generation does not have, once no
// request needs them any more. Requests that look documents up have ended by
// timeouts.response. Others, such as WebSockets, may take as long as they like,
// and need none.
func (s *Sidecar) retire(ctx context.Context, d *documents) {
	d.users.close()
	s.closing.Go(func() {
		select {
		case <-d.users.done:
		case <-time.After(d.longest + lookupGrace):
		case <-ctx.Done():
		}
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if err := d.close(closing); err != nil {
			s.o.Logger.Warn("a source of documents that is no longer used was closed with an error", "error", err)
		}
	})
}

// Close frees what Open made. Run must have returned, and no request may be in
// flight.
func (s *Sidecar) Close(ctx context.Context) error {
	s.closing.Wait()
	s.cache.Close()
	return s.current().documents.close(ctx)
}
