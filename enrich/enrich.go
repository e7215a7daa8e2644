// Package enrich grafts users' documents into tokens. It is the domain: it
// knows nothing of HTTP, MongoDB or configuration files.
package enrich

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
	"github.com/tokengraft/tokengraft/internal/tracing"
)

// Options are what an [Enricher] is made of.
type Options struct {
	Ring   Ring
	Source Source
	// UserID is the path of the claim that names the user: names of members,
	// joined with dots; `\.` is a dot in a name. Empty means sub.
	UserID string
	// Claim is the name of the claim with the document.
	Claim string
	// Freshness is the name of a claim that says fresh, stale, absent or error.
	// Optional.
	Freshness string
	// ReadAt is the name of a claim that says when the document was read, as a
	// NumericDate. Optional.
	ReadAt string
	// Kinds are the kinds of tokens that get the claims.
	Kinds []Kind
	// MaxSize is the largest document, in bytes of its JSON.
	MaxSize int
	// MaxAge bounds the age of a login's document below the token's lifetime.
	// Zero leaves that alone, and is no age at all for a token without exp.
	MaxAge time.Duration
	// Restore says which enriched tokens carry what [Enricher.Restore] needs.
	Restore Restore
	// Hooks act when users sign in. Optional.
	Hooks Hooks
	// Meter is where the age of embedded documents is recorded. Optional.
	Meter metric.Meter
	// Logger is told what an operator should look at once. Required.
	Logger *slog.Logger
}

// An Enricher turns the tokens of a grant into enriched ones, and back. It is
// safe for concurrent use.
type Enricher struct {
	o         Options
	kinds     map[Kind]bool
	userID    jsonedit.Path
	age       metric.Float64Histogram
	warnClaim sync.Once
}

// New returns an Enricher.
func New(o Options) (*Enricher, error) {
	if o.Meter == nil {
		o.Meter = noop.Meter{}
	}
	e := &Enricher{o: o, kinds: map[Kind]bool{}}
	for _, kind := range o.Kinds {
		e.kinds[kind] = true
	}
	var err error
	if e.userID, err = jsonedit.ParsePath(cmp.Or(o.UserID, "sub")); err != nil {
		return nil, fmt.Errorf("UserID: %w", err)
	}
	e.age, err = o.Meter.Float64Histogram("tokengraft.document.age",
		metric.WithUnit("s"),
		metric.WithDescription("Age of the embedded document when the token was signed, from the instant its read began."),
		metric.WithExplicitBucketBoundaries(.01, .1, 1, 5, 30, 60, 300, 900, 1800, 3600, 7200, 21600, 86400))
	return e, err
}

// Enrich returns what becomes of each token of the grant, in its order. All
// tokens that can be enriched are, or none (laws C). It does not wait beyond
// what ring and source allow themselves.
func (e *Enricher) Enrich(ctx context.Context, g Grant) []Outcome {
	tx := &transaction{Enricher: e, grant: g}
	for _, issued := range g.Tokens {
		tx.parts = append(tx.parts, &part{issued: issued})
	}
	for _, step := range []struct {
		name string
		do   func(context.Context) *fault
	}{
		{"verify", tx.verify},
		{"bind", tx.bind},
		{"lookup", tx.lookUp},
		{"sign", tx.graft},
	} {
		ctx, span := tracing.Start(ctx, step.name)
		f := step.do(ctx)
		if f != nil {
			span.SetAttributes(attribute.String("tokengraft.reason", string(f.reason)))
		}
		span.End()
		if f != nil {
			return tx.failed(f)
		}
	}
	return tx.done()
}
