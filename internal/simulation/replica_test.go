package simulation_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// timeout limits a read.
const timeout = 500 * time.Millisecond

var errDown = errors.New("no answer")

// A replica is a sidecar: a cache and an enricher in front of the collection. It
// records what the oracle needs to know.
type replica struct {
	t        testing.TB
	settings settings
	source   *collection
	cache    *cache.Cache
	enricher *enrich.Enricher

	mu            sync.Mutex
	random        *random        // of the reads; guarded by mu
	reads         []*read        // in the order in which they started; guarded by mu
	invalidations []invalidation // guarded by mu
	streams       []stream       // guarded by mu
	exchanges     []*exchange    // in the order in which they asked; guarded by mu
	tally         *tally         // guarded by mu
}

// A read is one lookup in the collection. It finds the document as it was at some time
// between its start and its end.
type read struct {
	user           string
	started, ended time.Time // ended is zero while it is in progress
	found          version
	failed         bool
}

// An invalidation is a call of Invalidate, or of InvalidateAll if it has no tags.
type invalidation struct {
	at   time.Time
	tags []string
}

// A stream is a time in which the replica followed changes.
type stream struct {
	from, to time.Time // to is zero while it follows them
}

func newReplica(t testing.TB, d *random, s settings, source *collection, ring enrich.Ring) *replica {
	t.Helper()
	r := &replica{t: t, settings: s, source: source, random: d, tally: newTally()}
	var err error
	r.cache, err = cache.New(cache.Options{MaxBytes: 1 << 20, MissingFor: s.missingFor, MissingIfFollowed: s.ifFollowed, StaleFor: s.staleFor})
	if err != nil {
		t.Fatal(err)
	}
	r.enricher, err = enrich.New(enrich.Options{
		Ring: ring, Source: r.cache.Source(r, "shape"),
		UserID: "sub", Claim: "custom_data", Freshness: "freshness", ReadAt: "read_at",
		Kinds: []enrich.Kind{enrich.Access, enrich.ID}, MaxSize: 1 << 10, MaxAge: s.maxAge,
		Meter: ageMeter{}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Lookup implements [enrich.Source] with a read of the collection. The document contains
// the number of the read, so that the oracle can find the read for a token.
func (r *replica) Lookup(_ context.Context, q enrich.Query) (enrich.Document, error) {
	n, before, after := r.begin(q.User.ID)
	started := time.Now()
	time.Sleep(before)
	found, out := r.source.read(q.User.ID)
	if out != nil && out.hangs {
		after = time.Until(started.Add(timeout))
	}
	time.Sleep(after)
	r.end(n, found, out != nil)
	switch {
	case out != nil:
		return enrich.Document{}, errDown
	case found.id == "":
		return enrich.Document{}, enrich.ErrNoDocument
	}
	text := fmt.Appendf(nil, `{"user":%q,"version":%d,"read":%d}`, q.User.ID, found.number, n)
	return enrich.Document{JSON: text, ReadAt: started, ID: found.id}, nil
}

// begin records a read that starts now. It returns the time until the read sees the
// collection, and the time from then to its end.
func (r *replica) begin(user string) (n int, before, after time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads = append(r.reads, &read{user: user, started: time.Now()})
	return len(r.reads) - 1, r.random.upTo(timeout / 5), r.random.upTo(timeout / 5)
}

func (r *replica) end(n int, found version, failed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rd := r.reads[n]
	rd.ended, rd.found, rd.failed = time.Now(), found, failed
}

// invalidate invalidates the tags, or everything if there are none.
func (r *replica) invalidate(tags ...string) {
	r.mu.Lock()
	r.invalidations = append(r.invalidations, invalidation{time.Now(), tags})
	r.mu.Unlock()
	if len(tags) == 0 {
		r.cache.InvalidateAll()
		return
	}
	r.cache.Invalidate(tags...)
}

// Following implements [enrich.Follower].
func (r *replica) Following() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.streams); n > 0 && r.streams[n-1].to.IsZero() {
		return uint64(n)
	}
	return 0
}

func (r *replica) startStream() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.streams = append(r.streams, stream{from: time.Now()})
}

func (r *replica) endStream() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.streams[len(r.streams)-1].to = time.Now()
}

// follow returns a function that follows the change stream. Each call delivers the
// events since the last call. Sometimes the stream is silent for a while. Sometimes it
// breaks: then it resumes later and delivers what it missed, or it cannot resume and
// invalidates everything.
func (r *replica) follow(d *random) func() {
	delivered := 0
	deliver := func() {
		events := r.source.since(delivered)
		delivered += len(events)
		for _, e := range events {
			r.invalidate(e...)
		}
	}
	r.startStream()
	return func() {
		switch d.IntN(30) {
		case 0:
			time.Sleep(d.upTo(2 * time.Second))
		case 1: // it resumes
			r.endStream()
			time.Sleep(d.upTo(2 * time.Second))
			r.startStream()
			time.Sleep(d.upTo(100 * time.Millisecond))
		case 2: // it cannot resume
			r.endStream()
			time.Sleep(d.upTo(2 * time.Second))
			delivered += len(r.source.since(delivered))
			r.invalidate()
			time.Sleep(d.upTo(100 * time.Millisecond))
			r.startStream()
		}
		deliver()
	}
}

// enrich enriches the tokens of the exchange, and checks them.
func (r *replica) enrich(ctx context.Context, x *exchange) {
	r.mu.Lock()
	x.asked = time.Now()
	r.exchanges = append(r.exchanges, x)
	r.mu.Unlock()

	outcomes := r.enricher.Enrich(context.WithValue(ctx, exchangeKey{}, x), x.grant())

	r.mu.Lock()
	defer r.mu.Unlock()
	x.signed, x.outcomes, x.canceled = time.Now(), outcomes, ctx.Err() != nil
	oracle{r, x}.check()
	if *replay >= 0 {
		_, claims := enrichtest.DecodeToken(r.t, outcomes[0].Raw)
		r.t.Log(x, claims)
	}
}
