package budget

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tokengraft/tokengraft/internal/loglimit"
)

// A Limit is a bound at which the sidecar refuses clients. It is the label of the
// metric.
type Limit string

// The limits, each named after its setting.
const (
	Memory      Limit = "memory"
	Requests    Limit = "requests"
	Connections Limit = "connections"
	Headers     Limit = "headers"
	Access      Limit = "access"
)

// advice says for each limit what to do.
var advice = map[Limit]string{
	Memory:      "Requests and responses in flight use all of limits.memory. If these are not attacks, raise limits.memory, or run more replicas.",
	Requests:    "More than limits.requests requests were waiting for the backend. If these are not attacks, find out why the backend is slow, or raise limits.requests.",
	Connections: "Clients have as many connections as the log line listening says. Those without a request were closed, or new ones refused. If these are not attacks, raise what that line names (limits.connections, ulimit -n, or memory), or run more replicas.",
	Access:      "Users send more requests to access.path or access.call_path than the sidecar works on at the same time. If these are not attacks, find out why MongoDB or the functions are slow, lower access.per_minute, or run more replicas.",
	Headers:     "Clients send headers that are larger than limits.headers, or have more than 256 lines. If these are not attacks, raise limits.headers.",
}

// Refusals counts what was refused at a limit, in the metric tokengraft_overloaded_total,
// and warns. It writes at most one line per limit in ten seconds. It is safe for
// concurrent use.
type Refusals struct {
	counter metric.Int64Counter
	logger  *slog.Logger
	lines   loglimit.Counter
}

// NewRefusals returns a counter. Several counters with one meter count in the same
// metric. The metric has the value 0 for each limit before the first refusal.
func NewRefusals(meter metric.Meter, logger *slog.Logger) (*Refusals, error) {
	counter, err := meter.Int64Counter("tokengraft.overloaded",
		metric.WithDescription("Requests and connections that were refused, by the limit that was reached."))
	if err != nil {
		return nil, err
	}
	for limit := range advice {
		counter.Add(context.Background(), 0, label(limit))
	}
	return &Refusals{counter: counter, logger: logger}, nil
}

// Count counts one refusal.
func (r *Refusals) Count(ctx context.Context, limit Limit) {
	r.counter.Add(ctx, 1, label(limit))
	if n := r.lines.Count(string(limit)); n > 0 {
		r.logger.WarnContext(ctx, "refused because a limit is reached", "limit", string(limit), "count", n, "advice", advice[limit])
	}
}

func label(limit Limit) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String("limit", string(limit))))
}
