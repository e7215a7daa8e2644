// Package breaker is a circuit breaker for sources of documents: while a source
// fails, logins do not wait for it.
//
// A [Breaker] is a source in front of another one. After three failures in a row it
// opens: lookups fail at once with [ErrOpen]. [Breaker.Run] then pings the source
// once a second, and the first answer closes the breaker. No login has to wait to
// find out whether the source works again.
package breaker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/tokengraft/tokengraft/enrich"
)

// ErrOpen is the error of a lookup while the breaker is open.
var ErrOpen = errors.New("the source of documents is failing. It is not asked until it answers a ping")

const (
	// threshold is the number of failures in a row that opens the breaker. One or
	// two may happen by accident.
	threshold = 3
	// pingInterval is the time before the first ping of an open breaker, and between
	// pings.
	pingInterval = time.Second
	// pingTimeout limits one ping.
	pingTimeout = 2 * time.Second
)

// Options configure a [Breaker].
type Options struct {
	// Source answers lookups, and pings while the breaker is open. Required.
	Source interface {
		enrich.Source
		enrich.Checker
	}
	// Logger gets a message when the breaker opens and when it closes. Nil discards
	// them.
	Logger *slog.Logger
	// Meter records the gauge tokengraft.breaker.open. Nil records nothing.
	Meter metric.Meter
}

// A Breaker is an [enrich.Source] in front of another one. It is safe for concurrent
// use.
type Breaker struct {
	o       Options
	gauge   metric.Int64ObservableGauge
	circuit atomic.Pointer[circuit]
}

var _ enrich.Source = (*Breaker)(nil)

// New returns a closed Breaker. Once it is open, only [Breaker.Run] can close it.
func New(o Options) (*Breaker, error) {
	if o.Source == nil {
		return nil, errors.New("breaker: Options.Source is missing")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Meter == nil {
		o.Meter = noop.Meter{}
	}
	gauge, err := o.Meter.Int64ObservableGauge("tokengraft.breaker.open",
		metric.WithDescription("1 while the source of documents is not asked because it failed, otherwise 0."))
	if err != nil {
		return nil, fmt.Errorf("breaker: %w", err)
	}
	b := &Breaker{o: o, gauge: gauge}
	b.circuit.Store(new(circuit))
	return b, nil
}

// Open reports whether the breaker is open, so that lookups fail at once.
func (b *Breaker) Open() bool { return b.circuit.Load().opened.Load() != nil }

// State returns a text that says since when the breaker is open. It is empty while the
// breaker is closed.
func (b *Breaker) State() string {
	opened := b.circuit.Load().opened.Load()
	if opened == nil {
		return ""
	}
	return fmt.Sprintf("not asked since %s, after %d failures in a row", opened.UTC().Format(time.RFC3339), threshold)
}

var errPanic = errors.New("the lookup panicked")

// Lookup implements [enrich.Source].
func (b *Breaker) Lookup(ctx context.Context, q enrich.Query) (_ enrich.Document, err error) {
	c := b.circuit.Load()
	if c.opened.Load() != nil {
		return enrich.Document{}, ErrOpen
	}
	err = errPanic // unless the source returns
	defer func() {
		if c.record(err) {
			b.o.Logger.Error("the source of documents is failing. It is not asked until it answers a ping, which is tried once a second", "error", err)
		}
	}()
	return b.o.Source.Lookup(ctx, q)
}

// Run pings the source while the breaker is open, until ctx ends. The gauge exists
// only while Run runs.
func (b *Breaker) Run(ctx context.Context) {
	if observed, err := b.o.Meter.RegisterCallback(b.observe, b.gauge); err == nil {
		defer observed.Unregister()
	}
	tick := time.NewTicker(pingInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			b.pingOpen(ctx)
		}
	}
}

// pingOpen pings the source if the breaker has been open for at least a pingInterval,
// and closes the breaker if the source answers. It waits that long because a source
// may answer pings while its lookups fail.
func (b *Breaker) pingOpen(ctx context.Context) {
	opened := b.circuit.Load().opened.Load()
	if opened == nil || time.Since(*opened) < pingInterval || b.ping(ctx) != nil {
		return
	}
	b.circuit.Store(new(circuit))
	b.o.Logger.Info("the source of documents answers again and is used again", "after", time.Since(*opened).Round(time.Second).String())
}

func (b *Breaker) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	return b.o.Source.Check(ctx)
}

func (b *Breaker) observe(_ context.Context, observer metric.Observer) error {
	open := int64(0)
	if b.Open() {
		open = 1
	}
	observer.ObserveInt64(b.gauge, open)
	return nil
}
