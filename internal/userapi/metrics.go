package userapi

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// An Endpoint is where a request of a user goes. It is a label of the metric.
type Endpoint string

// The endpoints.
const (
	CustomData Endpoint = "custom_data"
	Functions  Endpoint = "functions"
	Data       Endpoint = "data"
)

// A Result is what became of a request of a user. It is a label of the metric.
type Result string

// The results.
const (
	OK         Result = "ok"
	Refused    Result = "refused"    // no valid token, or not permitted
	Invalid    Result = "invalid"    // the request is wrong
	Limited    Result = "limited"    // the user sends too many
	Overloaded Result = "overloaded" // there is no memory or no turn for it
	Failed     Result = "failed"     // MongoDB, the keys or a function failed
)

// RefusedWith returns the result of a request that the proxy itself refused with a status.
func RefusedWith(status int) Result {
	switch {
	case status == http.StatusServiceUnavailable:
		return Overloaded
	case status >= http.StatusInternalServerError:
		return Failed
	}
	return Invalid
}

// Metrics counts the requests of users. It is safe for concurrent use.
type Metrics struct{ requests metric.Int64Counter }

// NewMetrics returns the Metrics. Several of one meter count in the same metric. It has the
// value 0 for each endpoint and result before the first request.
func NewMetrics(meter metric.Meter) (*Metrics, error) {
	requests, err := meter.Int64Counter("tokengraft.access.requests",
		metric.WithDescription("Requests of users to their data and to functions, by what became of them."))
	if err != nil {
		return nil, err
	}
	m := &Metrics{requests}
	for _, endpoint := range []Endpoint{CustomData, Functions, Data} {
		for _, result := range []Result{OK, Refused, Invalid, Limited, Overloaded, Failed} {
			m.add(context.Background(), 0, endpoint, result)
		}
	}
	return m, nil
}

// Count counts a request.
func (m *Metrics) Count(ctx context.Context, endpoint Endpoint, result Result) {
	m.add(ctx, 1, endpoint, result)
}

func (m *Metrics) add(ctx context.Context, n int64, endpoint Endpoint, result Result) {
	m.requests.Add(ctx, n, metric.WithAttributes(attribute.String("endpoint", string(endpoint)), attribute.String("result", string(result))))
}
