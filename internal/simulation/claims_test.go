package simulation_test

import (
	"context"
	"encoding/json"
	"testing"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// claims are the claims of a token that a client gets.
type claims struct {
	Sub       string
	Document  *document `json:"custom_data"`
	ReadAt    int64     `json:"read_at"`
	Freshness string
}

// A document contains the numbers of the write and the read that it comes from.
type document struct {
	User          string
	Version, Read int
}

// decode returns the claims of a token. Other tests verify signatures.
func decode(t testing.TB, raw string) (c claims) {
	_, text := enrichtest.DecodeToken(t, raw)
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Errorf("claims %s: %v", text, err)
	}
	return c
}

// exchangeKey is the key of the exchange in a context. An ageMeter uses it to find the
// exchange that an age belongs to.
type exchangeKey struct{}

// An ageMeter gives each recorded age to its exchange.
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
