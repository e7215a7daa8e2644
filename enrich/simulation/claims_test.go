package simulation_test

import (
	"context"
	"encoding/json"
	"testing"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// claims are what a client finds in its token.
type claims struct {
	Sub       string
	Document  *document `json:"custom_data"`
	ReadAt    int64     `json:"read_at"`
	Freshness string
}

// A document names the write and the read that it stems from.
type document struct {
	User          string
	Version, Read int
}

// decode reads the claims of a token, whose signature others verify.
func decode(t testing.TB, raw string) (c claims) {
	_, text := enrichtest.Split(t, raw)
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Errorf("claims %s: %v", text, err)
	}
	return c
}

// exchangeKey is under which a context carries the exchange, so that the age
// that is recorded for one is known from those of the others.
type exchangeKey struct{}

// ageMeter hands each age to the exchange that it was recorded for.
type ageMeter struct{ noop.Meter }

func (ageMeter) Float64Histogram(name string, _ ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	if name != "tokengraft.document.age" {
		return noop.Float64Histogram{}, nil
	}
	return ages{}, nil
}

type ages struct{ noop.Float64Histogram }

func (ages) Record(ctx context.Context, seconds float64, _ ...metric.RecordOption) {
	x := ctx.Value(exchangeKey{}).(*exchange)
	x.ages = append(x.ages, seconds)
}
