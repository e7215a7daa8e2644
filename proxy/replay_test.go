package proxy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// A deployment has the settings of the configuration file for one backend.
type deployment struct {
	captures string // a pattern of file names
	user     string // the user-id claim

	// The backend's keys: one of jwks, publicKey and secret. jwks is the capture of the
	// JWK Set.
	jwks, jwksPath    string
	publicKey, secret string

	// The patterns of the rules. The second is empty for a backend without redirects.
	tokenEndpoint, authorizationEndpoint string

	shadow bool
}

// A replay is a deployment in front of a backend that sends the captured responses.
type replay struct {
	deployment
	*fixture
	backend *proxytest.Backend
	answers chan string
}

// startReplay starts a deployment. The backend's private keys were not kept, so the test
// uses the captured tokens, and the ring accepts them although they have expired.
func startReplay(t *testing.T, d deployment) *replay {
	t.Helper()
	r := &replay{deployment: d, answers: make(chan string, 1)}
	r.backend = proxytest.Start(t, func(request *proxytest.Request) {
		request.ReadBody()
		request.Send(<-r.answers)
	})
	ring, enricher := d.open(t)
	r.fixture = start(t, r.backend.URL, setup{rules: d.rules(t), snapshot: func(s *proxy.Snapshot) {
		s.Enricher, s.Keys, s.JWKSPaths, s.Shadow = enricher, ring, nil, d.shadow
		if d.jwksPath != "" {
			s.JWKSPaths = []string{d.jwksPath}
		}
	}})
	r.ring, r.enricher = ring, enricher
	return r
}

func (d deployment) rules(t *testing.T) []proxy.Rule {
	// The refresh token must stay unchanged, even if the rule names it.
	rules := []proxy.Rule{rule(t, d.tokenEndpoint, "json:access_token", "json:id_token", "json:refresh_token")}
	if d.authorizationEndpoint != "" {
		rules = append(rules, rule(t, d.authorizationEndpoint,
			"fragment:access_token", "fragment:id_token", "query:access_token", "query:id_token", "form:access_token", "form:id_token"))
	}
	return rules
}

func (d deployment) open(t *testing.T) (*keys.Ring, *enrich.Enricher) {
	t.Helper()
	const century = 100 * 365 * 24 * time.Hour
	logger, dir := slog.New(slog.DiscardHandler), t.TempDir()
	options := keys.Options{Logger: logger, Leeway: century, Secret: []byte(d.secret)}
	if d.publicKey != "" {
		options.PublicKey = filepath.Join(captures, d.publicKey)
	}
	if d.jwks != "" {
		_, set := readCapture(t, filepath.Join(captures, d.jwks)).readResponse(t)
		options.JWKS = filepath.Join(dir, "jwks.json")
		if err := os.WriteFile(options.JWKS, []byte(set), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if d.secret == "" {
		options.Dir = filepath.Join(dir, "keys")
	}
	ring, err := keys.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	enricher, err := enrich.New(enrich.Options{
		Ring: ring, Source: usersOnly, UserID: d.user, Claim: "custom_data",
		Kinds: []enrich.Kind{enrich.Access}, MaxSize: 16 << 10, Logger: logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	return ring, enricher
}

// usersOnly is a source with the same document for every user. It has none for the client
// "lab", whose own tokens have its name in the user-id claim.
var usersOnly = sourceFunc(func(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	if q.User.ID == "lab" {
		return enrich.Document{}, enrich.ErrNoDocument
	}
	return english(ctx, q)
})

// replay sends the captured request, and the backend answers with the captured response.
// It returns what was counted, as in outcomes.txt.
func (r *replay) replay(t *testing.T, c capture) (outcome string) {
	t.Helper()
	request, _ := readRequest(t, c.request)
	if request.URL.Path == r.jwksPath {
		return r.getMergedJWKS(t, c)
	}
	r.answers <- c.response
	before := r.tally(t)
	res, body := r.ask(t, r.withEnriched(t, c.request))
	r.checkRequest(t, request, c)
	changed := r.checkResponse(t, c, res, body)
	after := r.tally(t)
	if ok := after["ok"] - before["ok"]; ok != int64(changed) {
		t.Errorf("%d tokens were enriched, but ok was counted %d times", changed, ok)
	}
	return difference(before, after)
}

// getMergedJWKS checks that the JWK Set has the backend's keys unchanged. It returns how
// many keys of the backend and of the proxy it has, as in outcomes.txt.
func (r *replay) getMergedJWKS(t *testing.T, c capture) (outcome string) {
	t.Helper()
	_, body := r.ask(t, c.request)
	_, published := c.readResponse(t)
	var got, want struct{ Keys []json.RawMessage }
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("the JWK Set %q cannot be parsed: %v", body, err)
	}
	if err := json.Unmarshal([]byte(published), &want); err != nil {
		t.Fatal(err)
	}
	for _, key := range want.Keys {
		if !slices.ContainsFunc(got.Keys, func(k json.RawMessage) bool { return string(k) == string(key) }) {
			t.Errorf("the JWK Set is\n%s\nwant it to contain %s", body, key)
		}
	}
	return fmt.Sprintf("merged %d+%d", len(want.Keys), len(got.Keys)-len(want.Keys))
}

// tally returns the counters: tokens of responses by reason, and restored tokens of
// requests by location.
func (r *replay) tally(t *testing.T) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := r.meters.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	tally := map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			sum, _ := m.Data.(metricdata.Sum[int64])
			for _, point := range sum.DataPoints {
				if reason, ok := point.Attributes.Value("reason"); ok {
					tally[reason.AsString()] += point.Value
				}
				if location, ok := point.Attributes.Value("location"); ok {
					tally["restored "+location.AsString()] += point.Value
				}
			}
		}
	}
	return tally
}

// difference returns what was counted between two tallies, as in outcomes.txt.
func difference(before, after map[string]int64) string {
	var words []string
	for what, n := range after {
		if n -= before[what]; n > 0 {
			words = append(words, fmt.Sprintf("%s %d", what, n))
		}
	}
	if len(words) == 0 {
		return "unchanged"
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}
