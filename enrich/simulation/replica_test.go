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

// timeout bounds a read.
const timeout = 500 * time.Millisecond

var errDown = errors.New("no answer")

// A replica is a sidecar: a cache and an enricher in front of the collection,
// and what is known of them to who watches.
type replica struct {
	t        testing.TB
	settings settings
	source   *collection
	cache    *cache.Cache
	enricher *enrich.Enricher

	mu        sync.Mutex
	dice      *dice       // of the reads; guarded by mu
	reads     []*read     // in the order in which they began; guarded by mu
	evictions []eviction  // guarded by mu
	exchanges []*exchange // in the order in which they asked; guarded by mu
	tally     *tally      // guarded by mu
}

// A read is one lookup of the collection. What it finds is what was true at an
// instant between its beginning and its end.
type read struct {
	user         string
	began, ended time.Time // ended is zero while it is under way
	found        version
	failed       bool
}

// An eviction is a call of Changed, or of Lost where it has no tags.
type eviction struct {
	at   time.Time
	tags []string
}

func newReplica(t testing.TB, d *dice, s settings, from *collection, ring enrich.Ring) *replica {
	t.Helper()
	r := &replica{t: t, settings: s, source: from, dice: d, tally: newTally()}
	var err error
	r.cache, err = cache.New(cache.Options{MaxBytes: 1 << 20, MissingFor: s.missingFor, StaleFor: s.staleFor})
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

// Lookup implements [enrich.Source] with a read of the collection. The document
// names its read, so that a token tells which one it stems from.
func (r *replica) Lookup(_ context.Context, q enrich.Query) (enrich.Document, error) {
	n, before, after := r.begin(q.User.ID)
	began := time.Now()
	time.Sleep(before)
	found, out := r.source.look(q.User.ID)
	if out != nil && out.hangs {
		after = time.Until(began.Add(timeout))
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
	return enrich.Document{JSON: text, ReadAt: began, ID: found.id}, nil
}

// begin notes a read that begins now, and says how long it takes until it
// looks, and from then on.
func (r *replica) begin(user string) (n int, before, after time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads = append(r.reads, &read{user: user, began: time.Now()})
	return len(r.reads) - 1, r.dice.upTo(timeout / 5), r.dice.upTo(timeout / 5)
}

func (r *replica) end(n int, found version, failed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rd := r.reads[n]
	rd.ended, rd.found, rd.failed = time.Now(), found, failed
}

// evict tells the cache of changes, or, without tags, that any may be missing.
func (r *replica) evict(tags ...string) {
	r.mu.Lock()
	r.evictions = append(r.evictions, eviction{time.Now(), tags})
	r.mu.Unlock()
	if len(tags) == 0 {
		r.cache.InvalidateAll()
		return
	}
	r.cache.Invalidate(tags...)
}

// follow returns what follows the change stream: each call delivers what came
// since the last. Now and then the stream breaks; then it resumes later and
// replays what was missed, or cannot and loses it.
func (r *replica) follow(d *dice) func() {
	delivered := 0
	return func() {
		broken := d.oneIn(20)
		if broken {
			time.Sleep(d.upTo(2 * time.Second))
		}
		events := r.source.since(delivered)
		delivered += len(events)
		if broken && d.oneIn(2) {
			r.evict()
			return
		}
		for _, e := range events {
			r.evict(e...)
		}
	}
}

// enrich lets the exchange have its tokens enriched, and checks them.
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
		_, claims := enrichtest.Split(r.t, outcomes[0].Raw)
		r.t.Log(x, claims)
	}
}
