package userheaders

import (
	"context"
	"errors"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/loglimit"
)

// An outcome is what a request got.
type outcome string

const (
	set          outcome = "set"
	noToken      outcome = "no_token"      // no token that could be an enriched one
	invalidToken outcome = "invalid_token" // one that is not valid
	unavailable  outcome = "unavailable"   // the keys of the backend were not there
	denied       outcome = "denied"        // the expression was false
	tooLarge     outcome = "too_large"     // at least one header was left out
)

// metrics count what requests got, and warn about headers that are too large.
type metrics struct {
	forward  metric.Int64Counter
	failures *expression.Failures
	logger   *slog.Logger
	warned   loglimit.Counter
}

func newMetrics(meter metric.Meter, logger *slog.Logger) (*metrics, error) {
	if meter == nil {
		meter = noop.Meter{}
	}
	forward, err := meter.Int64Counter("tokengraft.forward",
		metric.WithDescription("Requests that match a pattern of `forward`, by what the backend learned about the user."))
	failures, errFailures := expression.NewFailures(meter)
	return &metrics{forward: forward, failures: failures, logger: logger}, errors.Join(err, errFailures)
}

func (m *metrics) count(ctx context.Context, o outcome) {
	m.forward.Add(ctx, 1, metric.WithAttributes(attribute.String("result", string(o))))
}

func (m *metrics) warnTooLarge(name string) {
	if n := m.warned.Count(name); n > 0 {
		m.logger.Warn("a header about the user is too large, so the backend does not get it; forward a smaller part of the document",
			"header", name, "max_bytes", maxValue, "max_bytes_of_all", maxAll, "requests", n)
	}
}
