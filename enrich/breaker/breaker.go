// Package breaker spares logins the wait for a source that does not answer.
package breaker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/sony/gobreaker/v2"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/tokengraft/tokengraft/enrich"
)

// ErrOpen says that the source was not asked, because it has been failing.
var ErrOpen = errors.New("the source of documents has been failing and is not asked until it answers a ping")

const (
	// failures in a row open the breaker: one may be bad luck.
	failures = 3
	// pause is between pings while it is open.
	pause = time.Second
	// pingTimeout bounds one ping.
	pingTimeout = 2 * time.Second
)

// Options are what a [Breaker] is made of.
type Options struct {
	// Source is asked, and pinged while it fails. Required.
	Source interface {
		enrich.Source
		enrich.Checker
	}
	Logger *slog.Logger // required
	Meter  metric.Meter // optional
}

// A Breaker is an [enrich.Source] in front of another. After some failures in a
// row it is open: lookups fail with [ErrOpen] at once. A ping of its own closes
// it again, never a client's request, so that nobody has to wait to find out.
type Breaker struct {
	o       Options
	circuit *gobreaker.CircuitBreaker[enrich.Document]
	gauge   metric.Int64ObservableGauge
	opening opening
}

var _ enrich.Source = (*Breaker)(nil)

// New returns a closed Breaker. [Breaker.Run] pings.
func New(o Options) (*Breaker, error) {
	if o.Meter == nil {
		o.Meter = noop.Meter{}
	}
	b := &Breaker{o: o}
	b.opening.last.Store(&errPanic)
	b.circuit = gobreaker.NewCircuitBreaker[enrich.Document](gobreaker.Settings{
		Timeout:      pause,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= failures },
		IsSuccessful: answered,
		// A caller who left says nothing of the source.
		IsExcluded:    func(err error) bool { return errors.Is(err, context.Canceled) },
		OnStateChange: b.changed,
	})
	var err error
	b.gauge, err = o.Meter.Int64ObservableGauge("tokengraft.breaker.open",
		metric.WithDescription("1 while the source of documents is not asked because it has been failing."))
	return b, err
}

// answered reports whether a source is well by the error of a lookup: that there
// is no document, or one that cannot be decoded, is an answer.
func answered(err error) bool {
	return err == nil || errors.Is(err, enrich.ErrNoDocument) || errors.Is(err, enrich.ErrUndecodable)
}

// Open reports whether lookups fail at once.
func (b *Breaker) Open() bool { return b.circuit.State() != gobreaker.StateClosed }

// Lookup implements [enrich.Source].
func (b *Breaker) Lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	if b.Open() {
		return enrich.Document{}, ErrOpen
	}
	document, err := b.circuit.Execute(func() (enrich.Document, error) { return b.ask(ctx, q) })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		err = ErrOpen // it opened since we looked
	}
	return document, err
}

// errPanic is why it opens where no lookup has returned an error.
var errPanic = errors.New("panic")

// ask keeps the error of a failure: the circuit does not say why it opens.
func (b *Breaker) ask(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	document, err := b.o.Source.Lookup(ctx, q)
	if !answered(err) && !errors.Is(err, context.Canceled) {
		b.opening.last.Store(&err)
	}
	return document, err
}

// Run pings the source while the breaker is open, until ctx ends. So long it is
// measured whether it is.
func (b *Breaker) Run(ctx context.Context) {
	if measured, err := b.o.Meter.RegisterCallback(b.measure, b.gauge); err == nil {
		defer measured.Unregister()
	}
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if b.circuit.State() == gobreaker.StateHalfOpen {
				b.ping(ctx)
			}
		}
	}
}

func (b *Breaker) measure(_ context.Context, observer metric.Observer) error {
	open := int64(0)
	if b.Open() {
		open = 1
	}
	observer.ObserveInt64(b.gauge, open)
	return nil
}

// ping lets the half-open circuit decide by whether the source answers.
func (b *Breaker) ping(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	_, _ = b.circuit.Execute(func() (enrich.Document, error) { return enrich.Document{}, b.o.Source.Check(ctx) })
}
