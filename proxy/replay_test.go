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

// A deployment is what a user says of a backend in the configuration file.
type deployment struct {
	captures string // a pattern of the files
	user     string // the user-id claim

	// The backend's keys are one of these; jwks is the capture that has them.
	jwks, jwksPath    string
	publicKey, secret string

	// The patterns of the rules; a backend without redirects has no second.
	tokenEndpoint, authorizationEndpoint string

	shadow bool
}

// A replay is a deployment in front of its backend, which answers as it did when
// the captures were made.
type replay struct {
	deployment
	*fixture
	backend *proxytest.Backend
	answers chan string
}

// startReplay starts a deployment. The backend's private keys are gone, so the
// tokens are the captured ones, and the ring overlooks that they have expired.
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
	// The refresh token is never touched, whatever a rule says.
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

// usersOnly is a source in which everybody has a document but the client "lab",
// whose own tokens name it where those of usersOnly name the user.
var usersOnly = sourceFunc(func(ctx context.Context, q enrich.Query) (enrich.Document, error) {
	if q.User.ID == "lab" {
		return enrich.Document{}, enrich.ErrNoDocument
	}
	return english(ctx, q)
})

// replay has a client send the captured request, and the backend answer it as it
// did. It returns what was counted, in a few words.
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
		t.Errorf("%d tokens were counted as enriched and %d are", ok, changed)
	}
	return difference(before, after)
}

// getMergedJWKS asks for the JWK Set, in which the backend's keys are as it
// published them, with ours behind them.
func (r *replay) getMergedJWKS(t *testing.T, c capture) (outcome string) {
	t.Helper()
	_, body := r.ask(t, c.request)
	_, published := c.readResponse(t)
	var got, want struct{ Keys []json.RawMessage }
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("%v: %q", err, body)
	}
	if err := json.Unmarshal([]byte(published), &want); err != nil {
		t.Fatal(err)
	}
	for _, key := range want.Keys {
		if !slices.ContainsFunc(got.Keys, func(k json.RawMessage) bool { return string(k) == string(key) }) {
			t.Errorf("the merged set lacks %s:\n%s", key, body)
		}
	}
	return fmt.Sprintf("merged %d+%d", len(want.Keys), len(got.Keys)-len(want.Keys))
}

// tally returns what was counted so far: tokens of responses by their reason,
// restored tokens of requests by their location.
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

// difference is what was counted between two tallies, in words of the table.
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
