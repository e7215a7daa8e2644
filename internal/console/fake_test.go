package console_test

import (
	"context"
	"math"
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// fake is a sidecar that answers with the fields of the test.
type fake struct {
	overview  adminapi.Overview
	rules     adminapi.Rules
	freshness adminapi.Freshness
	keys      adminapi.Keys
	changed   adminapi.KeyChanged
	user      adminapi.UserExplanation
	inspected adminapi.Inspection
	config    adminapi.Config
	checked   adminapi.Checked
	review    adminapi.Review
	sample    adminapi.Sample
	deployed  adminapi.Deployment
	err       error // of everything that returns one

	calls []any // what was asked for
}

func (f *fake) called(call any) error {
	f.calls = append(f.calls, call)
	return f.err
}

func (f *fake) Overview(context.Context) adminapi.Overview   { return f.overview }
func (f *fake) Rules(context.Context) adminapi.Rules         { return f.rules }
func (f *fake) Freshness(context.Context) adminapi.Freshness { return f.freshness }

func (f *fake) Keys(context.Context) (adminapi.Keys, error) { return f.keys, f.err }

func (f *fake) RotateKeys(_ context.Context, _ adminapi.Peer, c adminapi.KeyChange) (adminapi.KeyChanged, error) {
	return f.changed, f.called(c)
}

func (f *fake) PruneKeys(_ context.Context, _ adminapi.Peer, c adminapi.KeyChange) (adminapi.KeyChanged, error) {
	return f.changed, f.called(c)
}

func (f *fake) ExplainUser(_ context.Context, _ adminapi.Peer, q adminapi.UserQuery) (*adminapi.UserExplanation, error) {
	return &f.user, f.called(q)
}

func (f *fake) ForgetUser(_ context.Context, _ adminapi.Peer, q adminapi.UserQuery) (adminapi.Forgotten, error) {
	return adminapi.Forgotten{User: "abc123", Note: "Other replicas do not notice."}, f.called(q)
}

func (f *fake) InspectToken(_ context.Context, _ adminapi.Peer, r adminapi.InspectRequest) (adminapi.Inspection, error) {
	return f.inspected, f.called(r)
}

func (f *fake) Config(context.Context) (adminapi.Config, error) { return f.config, nil }

func (f *fake) CheckDraft(_ context.Context, d adminapi.Draft) (adminapi.Checked, error) {
	return f.checked, f.called(d)
}

func (f *fake) ReviewDraft(_ context.Context, d adminapi.Draft) (adminapi.Review, error) {
	return f.review, f.called(d)
}

func (f *fake) SampleDraft(_ context.Context, _ adminapi.Peer, d adminapi.Draft) (adminapi.Sample, error) {
	return f.sample, f.called(d)
}

func (f *fake) Deploy(_ context.Context, _ adminapi.Peer, d adminapi.Draft) (adminapi.Deployment, error) {
	return f.deployed, f.called(d)
}

func (f *fake) RollBack(_ context.Context, _ adminapi.Peer, r adminapi.Rollback) (adminapi.Deployment, error) {
	return f.deployed, f.called(r)
}

func pointer[T any](v T) *T { return &v }

// wave is a line with a gap.
func wave(label string, base, swing float64) adminapi.Line {
	l := adminapi.Line{Label: label}
	for i := range 360 {
		if i < 40 || i > 200 && i < 220 {
			l.Values = append(l.Values, nil)
			continue
		}
		l.Values = append(l.Values, pointer(base+swing*math.Sin(float64(i)/19)+swing/3*math.Sin(float64(i)*1.7)))
	}
	return l
}

func series(name, title, unit string, end time.Time, lines ...adminapi.Line) adminapi.Series {
	return adminapi.Series{Name: name, Title: title, Unit: unit, End: end, Step: 10, Lines: lines}
}

// newFake has an example of everything. Its instants are relative to now.
func newFake(now time.Time) *fake {
	back := func(d time.Duration) time.Time { return now.Add(-d) }
	f := &fake{}
	f.overview = adminapi.Overview{Version: "1.2.3", Started: back(51 * time.Hour), Now: now, Mode: "live",
		Health: adminapi.Health{Status: "degraded", Parts: []adminapi.Part{
			{Name: "source", State: "failing", Since: back(130 * time.Second), Fault: "MongoDB does not answer: server selection error", Help: "Check documents.mongodb.uri and the network."},
			{Name: "backend", State: "ok", Since: back(12 * time.Minute)},
			{Name: "keys", State: "ok", Since: back(51 * time.Hour)},
			{Name: "jwks", State: "ok", Since: back(3 * time.Hour)},
		}},
		Failures: []adminapi.Failure{
			{Rule: "POST /login", Reason: "source_unavailable", Cause: "MongoDB did not answer within 500ms", NextStep: "Check the health of the source.", Count: 1234, First: back(time.Hour), Last: back(3 * time.Second)},
			{Rule: "POST /oauth/token", Reason: "bad_token", Cause: "the token has expired", Count: 2, First: back(time.Hour), Last: back(14 * time.Minute)},
		},
	}
	sizes := series("sizes", "Token sizes", "bytes", now, wave("largest", 1400, 300), wave("median", 900, 60))
	sizes.Bounds = []adminapi.Bound{{Label: "max_token_size", Value: 6144}, {Label: "cookie", Value: 2048}}
	f.overview.Series = []adminapi.Series{
		series("logins", "Logins and refreshes", "per second", now, wave("logins", 3, 1.2), wave("refreshes", 1.1, .5)),
		series("reasons", "Tokens by reason", "per second", now, wave("ok", 4, 1.4), wave("no_document", .4, .2), wave("bad_token", .1, .1)),
		series("latency", "Added latency", "ms", now, wave("p50", 1.2, .2), wave("p95", 3, 1), wave("p99", 8, 4)),
		sizes,
		series("cache", "Cache hits", "%", now, wave("hits", 88, 8)),
		series("empty", "Backend latency", "ms", now, adminapi.Line{Label: "p50", Values: make([]*float64, 360)}),
	}
	f.rules = adminapi.Rules{Warnings: []string{"POST /session answers tokens that no rule covers"}, Rules: []adminapi.Rule{{
		Match: "POST /login", Origin: "configuration", Tokens: []adminapi.RuleToken{{Location: "json:access_token", Kind: "access", Claim: true}, {Location: "json:id_token", Kind: "id"}},
		Refresh: "auto", Why: "It has the parameter grant_type.", OnFailure: "pass", Gate: "no", Restore: []string{"header:Authorization", "cookie:session"},
		Answers: 123456, Found: 123321, LastFound: pointer(back(2 * time.Second)), Reasons: map[string]int64{"ok": 120000, "no_document": 3000, "bad_token": 321}, Warnings: []string{"one in ten answers has no token"},
	}}}
	f.freshness = adminapi.Freshness{Stream: "followed", Since: back(3 * time.Hour), LastEvent: pointer(back(9 * time.Second)), Changes: 4711, Evicted: 3141, PromiseSeconds: 900,
		Series: []adminapi.Series{series("changes", "Changes and evictions", "per second", now, wave("changes", 2, 1), wave("evictions", 1, .5)), series("age", "Age of the data in tokens", "s", now, wave("p99", 300, 100), wave("p50", 40, 20))}}
	f.freshness.Series[1].Bounds = []adminapi.Bound{{Label: "promise", Value: 900}}
	return f
}
