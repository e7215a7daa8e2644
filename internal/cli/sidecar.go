package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/admin"
	"github.com/tokengraft/tokengraft/internal/certs"
	"github.com/tokengraft/tokengraft/internal/supervise"
)

// A sidecar is what lives as long as the process: the cache, readiness, and what
// measures. What a configuration is made into is its generation.
type sidecar struct {
	logger    *slog.Logger
	meter     metric.Meter
	tracer    trace.Tracer // nil traces nothing
	cache     *cache.Cache
	readiness *admin.Readiness
	public    *certs.Pair // that clients are shown; nil without tls

	mu      sync.Mutex // held by who replaces the generation or tells it what was learned
	current atomic.Pointer[generation]
	working map[any]func() // ends the work for a part and waits for that; one goroutine's
	leaving sync.WaitGroup // documents of earlier generations that are not closed yet
}

// open builds the parts. It reads files and asks nobody over the network, so it
// works while the backend and MongoDB are away. A nil tracer traces nothing. The
// caller closes the sidecar.
func open(cfg *config.Config, logger *slog.Logger, meter metric.Meter, tracer trace.Tracer) (*sidecar, error) {
	s := &sidecar{logger: logger, meter: meter, tracer: tracer, readiness: admin.NewReadiness(logger), working: map[any]func(){}}
	o := cacheOptions(cfg)
	o.Meter, o.Logger = meter, logger
	var err error
	if s.cache, err = cache.New(o); err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	public, errPublic := openPublic(cfg, logger)
	g, err := s.generate(cfg, nil)
	if err := errors.Join(errPublic, err); err != nil {
		s.cache.Close()
		return nil, err
	}
	s.public = public
	s.current.Store(g)
	return s, nil
}

func cacheOptions(cfg *config.Config) cache.Options {
	return cache.Options{MaxBytes: int64(cfg.Cache.MaxBytes), MissingFor: cfg.Cache.MissingFor, StaleFor: cfg.Cache.StaleFor}
}

// present is the generation of requests that come now.
func (s *sidecar) present() *generation { return s.current.Load() }

// ServeHTTP serves the whole of a request by the generation of its beginning,
// whose documents it needs until its end.
func (s *sidecar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := s.present()
	for !g.documents.users.enter() { // replaced since
		g = s.present()
	}
	defer g.documents.users.leave()
	g.proxy.ServeHTTP(w, r)
}

// close frees what open made. Nothing may be running or be served any more.
func (s *sidecar) close(ctx context.Context) error {
	s.leaving.Wait()
	s.cache.Close()
	return s.present().documents.close(ctx)
}

// replace makes the generation of another configuration the present one: made
// and prepared first, so that a fault changes nothing. Requests under way finish
// by theirs. One goroutine may call it and handOver, which is to follow.
func (s *sidecar) replace(ctx context.Context, cfg *config.Config) error {
	before := s.present()
	next, err := s.generate(cfg, before)
	if err != nil {
		return err
	}
	next.prepare(ctx, before)
	if err := s.cache.Adjust(cacheOptions(cfg)); err != nil {
		next.discard(before)
		return err
	}
	s.swap(before, next)
	return nil
}

// handOver begins what the present generation needs done, and ends what only the
// one before did.
func (s *sidecar) handOver(ctx context.Context, before *generation) {
	s.work(ctx)
	if s.present().documents != before.documents {
		s.giveUp(ctx, before.documents)
	}
}

// swap makes a generation the present one, with what was learned while it was
// made.
func (s *sidecar) swap(before, next *generation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if next.follower == before.follower && next.learned != before.learned {
		next.learn(*before.learned)
	}
	s.current.Store(next)
}

// work starts the work for the parts of the present generation that it is not
// done for yet, after it has ended that for parts of an earlier one: two sources
// would contradict each other in what they measure.
func (s *sidecar) work(ctx context.Context) {
	work := s.present().work()
	for part, end := range s.working {
		if work[part] == nil {
			end()
			delete(s.working, part)
		}
	}
	for part, do := range work {
		if s.working[part] == nil {
			s.working[part] = start(ctx, func(ctx context.Context) { supervise.Run(ctx, s.logger, fmt.Sprintf("%T", part), do) })
		}
	}
}

// rest ends all work, and waits for that.
func (s *sidecar) rest() {
	for _, end := range s.working {
		end()
	}
	clear(s.working)
}

// start does work in the background. The function that it returns ends it and
// waits until it has.
func start(ctx context.Context, do func(context.Context)) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		do(ctx)
	}()
	return func() { cancel(); <-done }
}

// lookupGrace is for what a request still does when it has had its response
// within timeouts.response: look documents up, and keys.
const lookupGrace = 10 * time.Second

// giveUp closes documents that the present generation does not have, when no
// request needs them any more. Requests that look documents up have ended by
// timeouts.response; others, such as WebSockets, may go on for as long as they
// like, and need none.
func (s *sidecar) giveUp(ctx context.Context, d *documents) {
	d.users.giveUp()
	s.leaving.Go(func() {
		select {
		case <-d.users.gone:
		case <-time.After(d.longest + lookupGrace):
		case <-ctx.Done():
		}
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if err := d.close(closing); err != nil {
			s.logger.Warn("a source of documents that is no longer used was closed with an error", "error", err)
		}
	})
}
