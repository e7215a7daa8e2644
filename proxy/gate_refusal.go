package proxy

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// A refusal is why a gate refused a response, or a request: one word of a closed set, for
// the metric.
type refusal string

const (
	refusedToken   refusal = "not_accepted"
	refusedPlace   refusal = "other_place"
	refusedUser    refusal = "other_user"
	refusedSize    refusal = "too_large"
	refusedMemory  refusal = "no_memory"
	refusedCoding  refusal = "coding"
	refusedCharset refusal = "charset"
	refusedPart    refusal = "part"
	refusedStream  refusal = "stream"
	refusedUpgrade refusal = "upgrade"
	refusedPath    refusal = "path"    // the request, because of the spelling of its path
	refusedSource  refusal = "failing" // the request, because the source of documents is failing
)

// refusals says about each refusal what the log says.
var refusals = map[refusal]string{
	refusedToken:   "a token was not accepted",
	refusedPlace:   "it has a token at a place that the rule does not name",
	refusedUser:    "it has a token of another user at a place that the rule does not name",
	refusedSize:    "it is larger than limits.body",
	refusedMemory:  "limits.memory is used up",
	refusedCoding:  "it cannot be decompressed",
	refusedCharset: "its charset is unknown, so it cannot be searched for tokens",
	refusedPart:    "it is a part of a response",
	refusedStream:  "it is a stream of events",
	refusedUpgrade: "the connection was upgraded",
	refusedPath:    "its path is another spelling of a path of the gate",
	refusedSource:  "the source of documents is failing",
}

// refuse replaces a response with an error. It keeps no cookie, because one could be a
// session. The error is returned if the response cannot be replaced.
func (x *exchange) refuse(res *http.Response, why refusal) error {
	x.countGate(res.Request.Context(), why)
	x.warn("gate", "a response was refused, because its rule is a gate", "why", refusals[why])
	if res.StatusCode == http.StatusSwitchingProtocols {
		return problemNotAccepted
	}
	replace(res, nil, x.refusal(problemNotAccepted))
	return nil
}

// countGate counts a refusal of the exchange's rule.
func (x *exchange) countGate(ctx context.Context, why refusal) {
	x.proxy.metrics.gate.Add(ctx, 1, x.rule.labels.gate[why])
}

// gateLabels returns the labels of a rule's refusals.
func gateLabels(rule attribute.KeyValue) map[refusal]metric.MeasurementOption {
	labels := map[refusal]metric.MeasurementOption{}
	for why := range refusals {
		labels[why] = metric.WithAttributeSet(attribute.NewSet(rule, attribute.String("why", string(why))))
	}
	return labels
}
