package proxy

import (
	"context"
	"errors"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/tokengraft/tokengraft/enrich"
)

// metrics are the proxy's instruments.
type metrics struct {
	tokens   metric.Int64Counter
	duration metric.Float64Histogram
	size     metric.Int64Histogram
	restored metric.Int64Counter
	shadow   metric.Int64Gauge
	gate     metric.Int64Counter
	// unrestored counts responses 401 to enriched tokens.
	unrestored metric.Int64Counter
	uncovered  uncoveredMetrics
	signIns    metric.Int64Counter
}

func newMetrics(meter metric.Meter) (metrics, error) {
	var m metrics
	var errs [9]error
	m.tokens, errs[0] = meter.Int64Counter("tokengraft.tokens",
		metric.WithDescription("Tokens in responses that a rule matches, by the reason why they were or were not enriched."))
	m.duration, errs[1] = meter.Float64Histogram("tokengraft.enrich.duration",
		metric.WithUnit("s"),
		metric.WithDescription("Time that enriching added to a response."),
		metric.WithExplicitBucketBoundaries(.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5))
	m.size, errs[2] = meter.Int64Histogram("tokengraft.token.size",
		metric.WithUnit("By"),
		metric.WithDescription("Size of enriched tokens."),
		metric.WithExplicitBucketBoundaries(512, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 16384))
	m.restored, errs[3] = meter.Int64Counter("tokengraft.restored",
		metric.WithDescription("Enriched tokens in requests that were replaced with their originals."))
	m.shadow, errs[4] = meter.Int64Gauge("tokengraft.shadow",
		metric.WithDescription("1 while shadow is on: tokens are counted but not enriched."))
	m.gate, errs[5] = meter.Int64Counter("tokengraft.gate.refused",
		metric.WithDescription("Responses and requests that a gate refused, by why."))
	m.unrestored, errs[6] = meter.Int64Counter("tokengraft.unrestored.unauthorized",
		metric.WithDescription("Responses 401 of the backend to an enriched token that was not restored and had not expired."))
	m.uncovered, errs[7] = newUncoveredMetrics(meter)
	m.signIns, errs[8] = meter.Int64Counter("tokengraft.sign_ins",
		metric.WithDescription("Responses with tokens that a rule matches, by whether they were issued for a login or a refresh."))
	if err := errors.Join(errs[:]...); err != nil {
		return metrics{}, err
	}
	for _, kind := range signInKinds {
		m.signIns.Add(context.Background(), 0, kind...)
	}
	m.unrestored.Add(context.Background(), 0)
	return m, nil
}

// signInKinds are the labels of sign-ins by their cause. They are made once, because making
// them costs more than counting.
var signInKinds = map[enrich.Cause][]metric.AddOption{
	enrich.CauseLogin:   signInKind(enrich.CauseLogin),
	enrich.CauseRefresh: signInKind(enrich.CauseRefresh),
	enrich.CauseUnknown: signInKind(enrich.CauseUnknown),
}

func signInKind(cause enrich.Cause) []metric.AddOption {
	return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attribute.String("kind", cause.String())))}
}

// ruleLabels are the labels of a rule's metrics. They are made once, because making them
// costs more than counting.
type ruleLabels struct {
	rule   []metric.RecordOption // a slice, because making one costs an allocation
	reason map[enrich.Reason][]metric.AddOption
	gate   map[refusal]metric.MeasurementOption
}

func newRuleLabels(pattern string) ruleLabels {
	rule := attribute.String("rule", pattern)
	l := ruleLabels{[]metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(rule))}, map[enrich.Reason][]metric.AddOption{}, gateLabels(rule)}
	for _, reason := range []enrich.Reason{
		enrich.OK, enrich.Stale, enrich.NoDocument, enrich.Opaque, enrich.NotOurs, enrich.BadToken,
		enrich.KeyBound, enrich.TooLarge, enrich.Unavailable, enrich.SignFailed, enrich.Canceled, enrich.Rejected, enrich.NotFound,
	} {
		l.reason[reason] = []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(rule, attribute.String("reason", string(reason))))}
	}
	return l
}

// announce makes the counters of a rule appear with the value 0 before its first token,
// so that alerts can query them.
func (m metrics) announce(rule *Rule) {
	for _, labels := range rule.labels.reason {
		m.tokens.Add(context.Background(), 0, labels...)
	}
	for _, labels := range rule.labels.gate {
		if rule.Gate {
			m.gate.Add(context.Background(), 0, labels)
		}
	}
}

func (m metrics) countRestored(ctx context.Context, location string) {
	m.restored.Add(ctx, 1, metric.WithAttributes(attribute.String("location", location)))
}

// setShadow records whether shadow mode is on.
func (m metrics) setShadow(ctx context.Context, on bool) {
	value := int64(0)
	if on {
		value = 1
	}
	m.shadow.Record(ctx, value)
}

// count counts a token, or a response that has none or could not be searched for tokens.
func (x *exchange) count(ctx context.Context, reason enrich.Reason) {
	x.proxy.metrics.tokens.Add(ctx, 1, x.rule.labels.reason[reason]...)
	if x.snapshot.Shadow {
		x.proxy.shadow.count(x.rule, reason)
		return
	}
	x.reasons.add(reason)
}

// report counts and logs the outcomes of the tokens of a response.
func (x *exchange) report(ctx context.Context, header http.Header, e *enrichment) {
	ctx = contextOfSpan(ctx)
	m := &x.proxy.metrics
	m.duration.Record(ctx, e.took.Seconds(), x.rule.labels.rule...)
	if !e.grant.UserInfo {
		m.signIns.Add(ctx, 1, signInKinds[e.grant.Cause]...)
	}
	for i := range e.outcomes {
		outcome := &e.outcomes[i]
		if outcome.Reason == "" {
			continue
		}
		x.count(ctx, outcome.Reason)
		if outcome.Raw != e.grant.Tokens[i].Raw {
			m.size.Record(ctx, int64(len(outcome.Raw)), x.rule.labels.rule...)
		}
		if outcome.Reason != enrich.OK && outcome.Reason != enrich.Stale {
			x.logNotEnriched(header, e.grant, *outcome)
		}
	}
}

// contextOfSpan returns a context with the span of ctx and nothing else. Each instrument looks
// for it, and in the context of a request that takes long.
func contextOfSpan(ctx context.Context) context.Context {
	if span := trace.SpanFromContext(ctx); span.SpanContext().IsValid() {
		return trace.ContextWithSpan(context.Background(), span)
	}
	return context.Background()
}
