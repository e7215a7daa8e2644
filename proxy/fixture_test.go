package proxy_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/internal/budget"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// sourceFunc is a function as a source of documents.
type sourceFunc func(ctx context.Context, q enrich.Query) (enrich.Document, error)

func (f sourceFunc) Lookup(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	return f(ctx, q)
}

// english is a source with the same document for every user except "unknown".
var english = sourceFunc(func(_ context.Context, q enrich.Query) (enrich.Document, error) {
	if q.User.ID == "unknown" {
		return enrich.Document{}, enrich.ErrNoDocument
	}
	return enrich.Document{JSON: []byte(`{"lang":"en"}`), ReadAt: time.Now()}, nil
})

// sizes are the defaults of the configuration file.
var sizes = locate.Limits{Token: 6 << 10, Line: 4 << 10}

// setup is how a test changes the fixture.
type setup struct {
	algorithm string // of the backend's tokens; default ES256
	rules     []proxy.Rule
	source    enrich.Source // default english
	options   func(*proxy.Options)
	snapshot  func(*proxy.Snapshot)
	sealAll   bool                // whether tokens of HMAC secrets can be restored too
	onRequest func(*http.Request) // called before the proxy handles a request
}

// reportAnswered adds a channel to the setup. It gets a value when the proxy has read the
// header of the backend's response to a request of the first rule. For that it makes the
// rule one that deletes users, because the proxy calls Deleted at that moment.
func reportAnswered(s setup) (setup, <-chan bool) {
	answered, other := make(chan bool, 1), s.snapshot
	s.rules[0].Deletes = true
	s.snapshot = func(snapshot *proxy.Snapshot) {
		if other != nil {
			other(snapshot)
		}
		snapshot.Deleted = func(context.Context, string) { answered <- true }
	}
	return s, answered
}

// fixture is a proxy on a real listener in front of a backend.
// Its metrics are read from meters, and its log from log.
type fixture struct {
	*httptest.Server
	proxy    *proxy.Proxy
	issuer   *enrichtest.Issuer
	ring     *keys.Ring
	enricher *enrich.Enricher
	log      *logSink
	meters   *sdk.ManualReader
	shared   shared
}

// shared are the bounds of a fixture. Each test checks at its end that nothing of them
// is taken any more.
type shared struct {
	memory           *budget.Budget
	responses, turns *budget.Queue
}

func newShared(t testing.TB) shared {
	s := shared{budget.New(64 << 20), budget.NewQueue(64<<20, 100), budget.NewQueue(1000, 100)}
	t.Cleanup(func() {
		if !eventually(func() bool { return s.used() == [3]int64{} }) {
			t.Errorf("after all requests, memory, memory for responses and turns are taken: %v, want none", s.used())
		}
	})
	return s
}

func (s shared) used() [3]int64 {
	return [3]int64{s.memory.Used(), s.responses.Used(), s.turns.Used()}
}

// start starts a proxy in front of the backend, with the rules of the setup.
func start(t testing.TB, backend *url.URL, s setup) *fixture {
	t.Helper()
	f := &fixture{log: &logSink{}, meters: sdk.NewManualReader(), shared: newShared(t)}
	f.open(t, s)
	rules, err := proxy.NewRules(s.rules)
	if err != nil {
		t.Fatal(err)
	}
	options := proxy.Options{
		Backend:  backend,
		Timeouts: proxy.Timeouts{Dial: 3 * time.Second, Response: 10 * time.Second, Idle: time.Second},
		Limits:   proxy.Limits{Body: 1 << 20, Headers: 64 << 10},
		Memory:   f.shared.memory, Responses: f.shared.responses, Turns: f.shared.turns,
		Logger: slog.New(slog.NewJSONHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Meter:  sdk.NewMeterProvider(sdk.WithReader(f.meters)).Meter(""),
	}
	snapshot := &proxy.Snapshot{
		Rules: rules, Enricher: f.enricher, Restore: true,
		Keys: f.ring, JWKSPaths: []string{"/.well-known/jwks.json"},
		Sizes: sizes,
	}
	if s.options != nil {
		s.options(&options)
	}
	if s.snapshot != nil {
		s.snapshot(snapshot)
	}
	p, err := proxy.New(options, snapshot)
	if err != nil {
		t.Fatal(err)
	}
	f.proxy = p
	var handler http.Handler = p
	if s.onRequest != nil {
		handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.onRequest(r)
			p.ServeHTTP(w, r)
		})
	}
	f.Server = httptest.NewUnstartedServer(handler)
	f.Config.Protocols = new(http.Protocols)
	f.Config.Protocols.SetHTTP1(true)
	f.Config.Protocols.SetUnencryptedHTTP2(true)
	f.Server.Start()
	t.Cleanup(f.Server.Close)
	return f
}

// open makes the issuer, the ring and the enricher of the fixture.
func (f *fixture) open(t testing.TB, s setup) {
	t.Helper()
	if s.algorithm == "" {
		s.algorithm = "ES256"
	}
	if s.source == nil {
		s.source = english
	}
	f.issuer = enrichtest.NewIssuer(t, s.algorithm)
	logger := slog.New(slog.DiscardHandler)
	options := keys.Options{Logger: logger, Leeway: time.Second}
	if strings.HasPrefix(s.algorithm, "HS") {
		options.Secret = []byte(enrichtest.Secret)
	} else {
		dir := t.TempDir()
		options.JWKS, options.Dir = filepath.Join(dir, "jwks.json"), filepath.Join(dir, "keys")
		if err := os.WriteFile(options.JWKS, f.issuer.JWKS(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if f.ring, err = keys.Open(options); err != nil {
		t.Fatal(err)
	}
	var restore enrich.Restore
	if s.sealAll {
		restore = enrich.RestoreOn
	}
	f.enricher, err = enrich.New(enrich.Options{
		Restore: restore,
		Ring:    f.ring, Source: s.source, UserID: "sub", Claim: "custom_data",
		Kinds: []enrich.Kind{enrich.Access}, MaxSize: 16 << 10, Logger: logger,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// token returns a token of the backend for the user u1. more has more claims, each with a
// comma before it.
func (f *fixture) token(more string) string {
	now := time.Now().Unix()
	return f.issuer.Token(fmt.Sprintf(`{"sub":"u1","iat":%d,"exp":%d%s}`, now, now+3600, more))
}

// enriched returns the enriched token of an original.
func (f *fixture) enriched(t testing.TB, original string) string {
	t.Helper()
	outcome := f.enricher.Enrich(t.Context(), enrich.Grant{Answered: time.Now(), Tokens: []enrich.Issued{{Raw: original, Kind: enrich.Access, Budget: 6 << 10}}})[0]
	if outcome.Reason != enrich.OK {
		t.Fatalf("Enrich returned the reason %s, %v; want ok", outcome.Reason, outcome.Err)
	}
	return outcome.Raw
}

// isEnriched reports whether a token verifies with the merged JWKS and has the document.
func (f *fixture) isEnriched(t testing.TB, token string) bool {
	t.Helper()
	set, _, err := f.ring.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	claims, err := enrichtest.VerifyToken(t, set, token)
	claims, _ = enrichtest.CutRecord(claims)
	return err == nil && strings.HasSuffix(claims, `,"custom_data":{"lang":"en"}}`)
}

// counted returns the value of a counter for one label.
func (f *fixture) counted(t testing.TB, metric string, label attribute.KeyValue) int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := f.meters.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			sum, ok := m.Data.(metricdata.Sum[int64])
			for i := 0; ok && m.Name == metric && i < len(sum.DataPoints); i++ {
				if value, _ := sum.DataPoints[i].Attributes.Value(label.Key); value == label.Value {
					total += sum.DataPoints[i].Value
				}
			}
		}
	}
	return total
}

// reason returns how many tokens were counted with a reason.
func (f *fixture) reason(t testing.TB, r enrich.Reason) int64 {
	return f.counted(t, "tokengraft.tokens", attribute.String("reason", string(r)))
}

// rule returns a rule with locations of tokens.
func rule(t testing.TB, pattern string, tokens ...string) proxy.Rule {
	t.Helper()
	return proxy.Rule{Pattern: pattern, Tokens: locations(t, tokens...)}
}

// logins returns the rules of most tests.
func logins(t testing.TB) []proxy.Rule {
	return []proxy.Rule{rule(t, "POST /login", "json:access_token")}
}

// loginResponse returns the backend's response to a login, for the rules of logins.
func loginResponse(token string) string {
	return answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"access_token":"`+token+`"}`)
}

// refusing returns the rule with the policy refuse.
func refusing(r proxy.Rule) proxy.Rule {
	r.OnFailure = enrich.Refuse
	return r
}

func locations(t testing.TB, texts ...string) []locate.Location {
	t.Helper()
	locs := make([]locate.Location, len(texts))
	for i, text := range texts {
		var err error
		if locs[i], err = locate.Parse(text); err != nil {
			t.Fatal(err)
		}
	}
	return locs
}
