package proxy

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"golang.org/x/time/rate"

	"github.com/tokengraft/tokengraft/enrich"
)

// meters are the proxy's instruments.
type meters struct {
	tokens   metric.Int64Counter
	seconds  metric.Float64Histogram
	size     metric.Int64Histogram
	restored metric.Int64Counter
	shadow   metric.Int64Gauge
}

func newMeters(m metric.Meter) (meters, error) {
	var all meters
	var errs [5]error
	all.tokens, errs[0] = m.Int64Counter("tokengraft.tokens",
		metric.WithDescription("Tokens of matched responses, by why they were or were not enriched."))
	all.seconds, errs[1] = m.Float64Histogram("tokengraft.enrich.duration",
		metric.WithUnit("s"),
		metric.WithDescription("What enriching added to a response."),
		metric.WithExplicitBucketBoundaries(.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5))
	all.size, errs[2] = m.Int64Histogram("tokengraft.token.size",
		metric.WithUnit("By"),
		metric.WithDescription("Size of enriched tokens."),
		metric.WithExplicitBucketBoundaries(512, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 16384))
	all.restored, errs[3] = m.Int64Counter("tokengraft.restored",
		metric.WithDescription("Enriched tokens in requests that were swapped back to originals."))
	all.shadow, errs[4] = m.Int64Gauge("tokengraft.shadow",
		metric.WithDescription("1 while shadow is on: tokens are counted, and not enriched."))
	return all, errors.Join(errs[:]...)
}

// labels are a rule's labels of the metrics. They are made once, which costs
// more than the counting.
type labels struct {
	rule   metric.MeasurementOption
	reason map[enrich.Reason]metric.MeasurementOption
}

// announce makes the counters of a rule appear before the first token, for
// alerts that ask for them.
func (m meters) announce(rule *Rule) {
	for reason := range rule.labels.reason {
		m.tokens.Add(context.Background(), 0, rule.labels.reason[reason])
	}
}

func newLabels(pattern string) labels {
	rule := attribute.String("rule", pattern)
	l := labels{metric.WithAttributeSet(attribute.NewSet(rule)), map[enrich.Reason]metric.MeasurementOption{}}
	for _, reason := range []enrich.Reason{
		enrich.OK, enrich.Stale, enrich.NoDocument, enrich.Opaque, enrich.NotOurs, enrich.BadToken,
		enrich.KeyBound, enrich.TooLarge, enrich.Unavailable, enrich.SignFailed, enrich.Canceled, enrich.Rejected,
	} {
		l.reason[reason] = metric.WithAttributeSet(attribute.NewSet(rule, attribute.String("reason", string(reason))))
	}
	return l
}

func (m meters) count(ctx context.Context, rule *Rule, reason enrich.Reason) {
	m.tokens.Add(ctx, 1, rule.labels.reason[reason])
}

func (m meters) duration(ctx context.Context, rule *Rule, took time.Duration) {
	m.seconds.Record(ctx, took.Seconds(), rule.labels.rule)
}

// count counts a token, or a response that could not be looked into.
func (p *Proxy) count(ctx context.Context, x *exchange, reason enrich.Reason) {
	p.meters.count(ctx, x.rule, reason)
	if x.snapshot.Shadow {
		p.shadow.count(x.rule, reason)
	}
}

// report counts and logs what became of the tokens of a response.
func (p *Proxy) report(ctx context.Context, x *exchange, res *http.Response, result result) {
	p.meters.duration(ctx, x.rule, result.took)
	for i, outcome := range result.outcomes {
		if outcome.Reason == "" {
			continue
		}
		p.count(ctx, x, outcome.Reason)
		if outcome.Raw != result.grant.Tokens[i].Raw {
			p.meters.size.Record(ctx, int64(len(outcome.Raw)), x.rule.labels.rule)
		}
		if outcome.Reason.Blocks() {
			p.logFailure(x, res, result.grant, outcome)
		}
	}
}

func (p *Proxy) logFailure(x *exchange, res *http.Response, g enrich.Grant, outcome enrich.Outcome) {
	attrs := []any{"reason", string(outcome.Reason), "policy", x.rule.OnFailure.String()}
	if outcome.Err != nil {
		attrs = append(attrs, "error", outcome.Err)
	}
	if date, err := http.ParseTime(res.Header.Get("Date")); err == nil && errors.Is(outcome.Err, enrich.ErrTime) {
		// A fresh token outside its time is a wrong clock, here or there.
		attrs = append(attrs, "clock_offset_seconds", date.Sub(g.Answered).Round(time.Second).Seconds())
	}
	message := "token not enriched"
	if x.snapshot.Shadow {
		message = "shadow: token would not be enriched"
	}
	p.notices.warn(p.o.Logger, x.rule, string(outcome.Reason), message, attrs...)
}

// notices keep a failure that every request shares from flooding the log: a
// line for each rule and subject, then one in noticeEvery. The metrics have
// them all.
type notices struct{ m sync.Map }

const noticeEvery = 10 * time.Second

func (n *notices) warn(logger *slog.Logger, rule *Rule, subject, message string, attrs ...any) {
	pattern := ""
	if rule != nil {
		pattern = rule.Pattern
	}
	sometimes, _ := n.m.LoadOrStore(pattern+"\x00"+subject, &rate.Sometimes{First: 1, Interval: noticeEvery})
	sometimes.(*rate.Sometimes).Do(func() {
		logger.Warn(message, append([]any{slog.String("rule", pattern)}, attrs...)...)
	})
}
