package cli

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/breaker"
	"github.com/tokengraft/tokengraft/internal/supervise"
)

// A source is where documents come from, as the sidecar opens it.
type source interface {
	enrich.Source
	enrich.Checker
	// Watch tells what changes, until ctx ends.
	Watch(context.Context, enrich.Invalidator) error
	Close(context.Context) error
}

// documents are a source and what guards it. Requests and reads that need it are
// counted, so that it is closed after the last of them.
type documents struct {
	source  source
	breaker *breaker.Breaker // nil for a file
	watched bool
	changes enrich.Invalidator
	logger  *slog.Logger
	users   users
	longest time.Duration // that a request may need them: timeouts.response of the generations that had them
}

func openDocuments(cfg *config.Config, s *sidecar) (*documents, error) {
	source, err := openSource(cfg, s.logger, s.meter)
	if err != nil {
		return nil, err
	}
	d := &documents{source: source, watched: cfg.Documents.MongoDB.Watch != config.Off, changes: s.cache, logger: s.logger, users: newUsers()}
	if cfg.Documents.File == "" {
		d.breaker, err = breaker.New(breaker.Options{Source: source, Logger: s.logger, Meter: s.meter})
	}
	return d, err
}

// errReplaced is what a read finds that begins when nobody waits for it any more.
var errReplaced = errors.New("the source of documents has been replaced by a reload")

// Lookup implements [enrich.Source]. A read may outlive the request that began
// it, for others who wait for it, so it counts by itself.
func (d *documents) Lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	if !d.users.enter() {
		return enrich.Document{}, errReplaced
	}
	defer d.users.leave()
	if d.breaker != nil {
		return d.breaker.Lookup(ctx, q)
	}
	return d.source.Lookup(ctx, q)
}

// failing reports whether lookups fail at once.
func (d *documents) failing() bool { return d.breaker != nil && d.breaker.Open() }

// run follows changes, and pings a source that fails, until ctx ends.
func (d *documents) run(ctx context.Context) {
	var following sync.WaitGroup
	if d.breaker != nil {
		following.Go(func() { supervise.Run(ctx, d.logger, "breaker", d.breaker.Run) })
	}
	if d.watched {
		watch := func(ctx context.Context) { d.source.Watch(ctx, d.changes) }
		following.Go(func() { supervise.Run(ctx, d.logger, "documents", watch) })
	}
	following.Wait()
}

func (d *documents) close(ctx context.Context) error { return d.source.Close(ctx) }

// users counts who needs something that others may give up.
type users struct {
	mu      sync.Mutex
	count   int
	givenUp bool
	gone    chan struct{} // closed when it is given up, and nobody needs it
}

func newUsers() users { return users{gone: make(chan struct{})} }

// enter counts one in. It reports false where the last has left: what was given
// up is not there any more.
func (u *users) enter() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.givenUp && u.count == 0 {
		return false
	}
	u.count++
	return true
}

func (u *users) leave() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.count--
	u.note()
}

func (u *users) giveUp() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.givenUp = true
	u.note()
}

func (u *users) note() {
	if u.givenUp && u.count == 0 {
		close(u.gone)
	}
}
