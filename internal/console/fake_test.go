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
	return f.withKeys(now)
}

// withKeys adds keys, a user, an inspected token and a configuration with a draft.
func (f *fake) withKeys(now time.Time) *fake {
	at := func(d time.Duration) *time.Time { return pointer(now.Add(d)) }
	day := 24 * time.Hour
	f.keys = adminapi.Keys{Dir: "keys", Keys: []adminapi.Key{
		{ID: "Zk3vQy9nE1tB7uWd", Algorithm: "ES256", State: "next", Created: at(-20 * time.Minute), SignsFrom: at(6 * time.Hour), Published: true},
		{ID: "b81Xo0PqLrT2mKce", Algorithm: "ES256", State: "active", Created: at(-3 * day), SignsFrom: at(-2 * day), Published: true},
		{ID: "M2aaHf6yJw5sVxRi", Algorithm: "ES256", State: "retired", Created: at(-6 * day), SignsFrom: at(-5 * day), SignsUntil: at(-2 * day), NeededUntil: at(day / 2), Published: true},
		{ID: "legacy-2024", Algorithm: "RS256", State: "backend", Published: true},
	}, JWKS: adminapi.JWKS{From: "http://backend:8080/jwks.json", Fetched: at(-4 * time.Minute), FreshUntil: at(time.Minute), Paths: []string{"/.well-known/jwks.json"}}}
	f.changed = adminapi.KeyChanged{Steps: []string{"Makes a new ES256 key. It signs in 10 min."}, Warning: "Clients that cache keys for longer refuse its tokens."}
	f.user = adminapi.UserExplanation{Found: true, User: "9f2c4e", Source: "mongodb", Claim: "sub", Field: "user_account_id", FieldType: "auto", As: []adminapi.ExplainedUser{{
		ClaimType: "string", Found: true, Documents: 1, Document: &adminapi.Size{What: "document", Size: 1400, Limit: 16384, Percent: 8, Setting: "claim.max_size"},
		Token:       []adminapi.Size{{What: "json:access_token", Size: 5300, Limit: 6144, Percent: 86, Setting: "claim.max_token_size"}},
		Fields:      []adminapi.ExplainedField{{Path: "lang", Type: "string", Bytes: 11, Value: []byte(`"en"`)}, {Path: "city", Type: "string", Bytes: 15, Value: []byte(`"Wien"`)}},
		LeftOut:     []adminapi.ExplainedField{{Path: "notes", Why: "claim.exclude", Bytes: 800}},
		Credentials: []adminapi.ExplainedSecret{{Path: "passwordHash", Dropped: true, Advice: "Remove it from the documents."}},
		NearMisses:  []adminapi.NearMiss{{Text: "A document has the id as a number.", Setting: "user_id_type: int"}},
		Cache:       &adminapi.CacheState{State: "fresh", ReadAt: at(-9 * time.Second), KeepUntil: at(14 * time.Minute), Bytes: 2100},
	}}}
	f.inspected = adminapi.Inspection{Kind: "original", Verified: true, Reason: "ok", Key: "the backend's key legacy-2024", KeyID: "legacy-2024", Alg: "RS256", Expires: at(10 * time.Minute),
		Restorable: true, Restore: "The original comes back.", Before: 620, After: 940, Hints: []string{"It is a login."},
		Claims: []adminapi.InspectedClaim{{Name: "sub", Change: "same", Before: 30, After: 30}, {Name: "custom_data", Change: "added", After: 300, Value: []byte(`{"lang":"en"}`)}, {Name: "iss", Change: "changed", Before: 9, After: 12}},
		Sizes:  []adminapi.Size{{What: "json:access_token", Size: 940, Limit: 6144, Percent: 15, Setting: "claim.max_token_size"}}}
	return f.withConfig(now)
}

func (f *fake) withConfig(now time.Time) *fake {
	f.config = adminapi.Config{File: "/etc/tokengraft/tokengraft.yaml", Text: "backend: http://b\nadmin_token: [redacted]\n", Revision: "3f9c1a77b0", Samples: true, Settings: adminapi.DataSettings{
		Mode: "shadow", Source: "mongodb", Database: "app", Collection: "users", UserIDClaim: "sub", UserIDField: "user_account_id", UserIDType: "auto", ClaimName: "custom_data", Format: "plain",
		Exclude: []string{"notes"}, MaxSize: 16384, MaxToken: 6144, MaxHeader: 4096},
		Versions: []adminapi.Version{{ID: "v2", Time: now.Add(-time.Hour), Revision: "3f9c1a77b0", Changed: []string{"claim.exclude"}, Current: true}, {ID: "v1", Time: now.Add(-50 * time.Hour), Revision: "aa01"}}}
	f.checked = adminapi.Checked{Changed: []string{"claim.name"}}
	f.review = adminapi.Review{Base: "3f9c1a77b0", Changed: []string{"claim.name"}, Warnings: []adminapi.Finding{{Severity: "warn", Message: "clients read custom_data", Hint: "Tell them."}}, NeedRestart: []string{"listen"},
		Diff:   "--- tokengraft.yaml\n+++ draft\n@@ -1,4 +1,4 @@\n backend: http://b\n-claim: {name: custom_data}\n+claim: {name: profile}\n",
		Effect: &adminapi.Effect{Logins: 50, Reasons: []adminapi.ReasonEffect{{Reason: "ok", Now: 40, Then: 44}, {Reason: "no_document", Now: 10, Then: 6}}, Sizes: []adminapi.SizeEffect{{What: "documents", MedianNow: 900, MedianThen: 1200, MaxNow: 1400, MaxThen: 17000, Limit: 16384, Setting: "claim.max_size"}}}}
	f.sample = adminapi.Sample{Documents: 100, Users: 20, UsersFound: 17, MedianBytes: 900, MaxBytes: 1400,
		Fields: []adminapi.SampledField{{Path: "lang", Types: []string{"string"}, Documents: 100, MedianBytes: 11, MaxBytes: 11, Included: true}, {Path: "notes", Types: []string{"string", "null"}, Documents: 61, MedianBytes: 700, MaxBytes: 21000}, {Path: "passwordHash", Types: []string{"string"}, Documents: 100, MedianBytes: 80, MaxBytes: 80, Credential: true}},
		IDs:    []adminapi.SampledIDs{{Type: "objectId", Documents: 98, Matches: true, Examples: []string{"62efedca3587e6e83c0fc675"}}, {Type: "int", Documents: 2}}}
	f.deployed = adminapi.Deployment{Changed: []string{"claim.name"}, NeedRestart: []string{"listen"}}
	return f
}
