package enrich_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

func TestFreshnessClaim_ReportsTheResultOfTheLookup(t *testing.T) {
	readAt := time.Now().Add(-time.Minute)
	source := func(document enrich.Document, err error) enrich.Source {
		return sourceFunc(func(enrich.Query) (enrich.Document, error) { return document, err })
	}
	read := fmt.Sprintf(`"read":%d`, readAt.Unix())
	tests := []struct {
		name   string
		source enrich.Source
		pass   bool
		reason enrich.Reason
		want   string // the claims that are added; empty means the original
	}{
		{"fresh", source(enrich.Document{JSON: []byte(`{}`), ReadAt: readAt}, nil), true, enrich.OK, `,"custom_data":{},` + read + `,"freshness":"fresh"`},
		{"stale", source(enrich.Document{JSON: []byte(`{}`), ReadAt: readAt, Stale: true}, nil), true, enrich.Stale, `,"custom_data":{},` + read + `,"freshness":"stale"`},
		{"absent", source(enrich.Document{}, enrich.ErrNoDocument), false, enrich.NoDocument, `,"freshness":"absent"`},
		{"error under pass", source(enrich.Document{}, errors.New("down")), true, enrich.Unavailable, `,"freshness":"error"`},
		{"too large under pass", source(enrich.Document{JSON: []byte(`{"a":"123456789"}`), ReadAt: readAt}, nil), true, enrich.TooLarge, `,"freshness":"error"`},
		{"error under refuse", source(enrich.Document{}, errors.New("down")), false, enrich.Unavailable, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, "ES256", func(_ *keys.Options, o *enrich.Options) {
				o.Source, o.Freshness, o.ReadAt, o.MaxSize = tt.source, "freshness", "read", 10
			})
			g := grant(f.issuer.Token(claimsOf("")), "")
			g.MarkFailure = tt.pass
			got := f.Enrich(t.Context(), g)[0]
			_, claims := enrichtest.DecodeToken(t, got.Raw)
			claims, _ = enrichtest.CutRecord(claims)
			if want := claimsOf(tt.want); got.Reason != tt.reason || claims != want {
				t.Errorf("reason %q, claims %s; want %q, %s", got.Reason, claims, tt.reason, want)
			}
		})
	}
}

// Each token says whether the document of its own user was found.
func TestFreshnessClaim_IsPerToken(t *testing.T) {
	f := newFixture(t, "ES256", func(_ *keys.Options, o *enrich.Options) {
		o.Freshness = "freshness"
		o.Source = sourceFunc(func(q enrich.Query) (enrich.Document, error) {
			if q.User.ID == "u1" {
				return enrich.Document{}, enrich.ErrNoDocument
			}
			return enrich.Document{}, errors.New("down")
		})
	})
	g := grant(f.issuer.Token(claimsOf("")), "")
	g.Tokens = append(g.Tokens, grant(f.issuer.Token(`{"sub":"u2"}`), "").Tokens...)
	g.MarkFailure = true
	want := []struct {
		reason enrich.Reason
		claims string
	}{
		{enrich.NoDocument, claimsOf(`,"freshness":"absent"`)},
		{enrich.Unavailable, `{"sub":"u2","freshness":"error"}`},
	}
	for i, got := range f.Enrich(t.Context(), g) {
		_, claims := enrichtest.DecodeToken(t, got.Raw)
		if claims, _ := enrichtest.CutRecord(claims); got.Reason != want[i].reason || claims != want[i].claims {
			t.Errorf("token %d: reason %q, claims %s; want %q, %s", i, got.Reason, claims, want[i].reason, want[i].claims)
		}
	}
}

// An undecided id_token may have the at_hash of the access token, which the mark would
// make wrong (law C2). The first Enrich uses up the refetch of the keys, so the second
// one cannot decide about the id_token.
func TestFreshnessClaim_IsNotAddedNextToAnUndecidedIDToken(t *testing.T) {
	f := newFixture(t, "ES256", func(_ *keys.Options, o *enrich.Options) { o.Freshness = "freshness" })
	access := f.issuer.Token(claimsOf(""))
	id := f.issuer.TokenWithHeader(`{"alg":"ES256","kid":"other"}`, claimsOf(`,"at_hash":"`+hash256(access)+`"`))
	g := grant(access, id)
	g.MarkFailure = true
	f.Enrich(t.Context(), g)
	for i, got := range f.Enrich(t.Context(), g) {
		if got.Reason != enrich.Unavailable || got.Raw != g.Tokens[i].Raw {
			t.Errorf("token %d: reason %q, changed %v; want unavailable, unchanged", i, got.Reason, got.Raw != g.Tokens[i].Raw)
		}
	}
}

func TestQuery_LimitsTheAgeOfTheDocument(t *testing.T) {
	now := time.Now()
	tests := []struct {
		name   string
		claims string
		cause  enrich.Cause
		maxAge time.Duration
		oldest time.Duration // of a login, before now
		keep   time.Duration
	}{
		{"login", fmt.Sprintf(`{"sub":"u1","iat":%d,"exp":%d}`, now.Unix(), now.Unix()+600), enrich.CauseLogin, 0, 600 * time.Second, 600 * time.Second},
		{"login, issued before", fmt.Sprintf(`{"sub":"u1","iat":%d,"exp":%d}`, now.Unix()-500, now.Unix()+100), enrich.CauseLogin, 0, 100 * time.Second, 100 * time.Second},
		{"login, issued later", fmt.Sprintf(`{"sub":"u1","iat":%d,"exp":%d}`, now.Unix()+300, now.Unix()+400), enrich.CauseLogin, 0, 100 * time.Second, 100 * time.Second},
		{"login, max_age", fmt.Sprintf(`{"sub":"u1","iat":%d,"exp":%d}`, now.Unix(), now.Unix()+600), enrich.CauseLogin, time.Minute, time.Minute, time.Minute},
		{"no exp", `{"sub":"u1"}`, enrich.CauseLogin, 0, 0, 0},
		{"no exp, max_age", `{"sub":"u1"}`, enrich.CauseLogin, time.Minute, time.Minute, time.Minute},
		{"refresh", fmt.Sprintf(`{"sub":"u1","iat":%d,"exp":%d}`, now.Unix(), now.Unix()+600), enrich.CauseRefresh, 0, 0, 600 * time.Second},
		{"unknown", fmt.Sprintf(`{"sub":"u1","iat":%d,"exp":%d}`, now.Unix(), now.Unix()+600), enrich.CauseUnknown, 0, 0, 600 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var asked enrich.Query
			f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) {
				o.MaxAge = tt.maxAge
				o.Source = sourceFunc(func(q enrich.Query) (enrich.Document, error) {
					asked = q
					return enrich.Document{}, enrich.ErrNoDocument
				})
			})
			g := grant(f.issuer.Token(tt.claims), "")
			g.Cause, g.Answered = tt.cause, now.Add(-time.Hour)
			f.Enrich(t.Context(), g)
			near := func(got time.Time, want time.Time) bool { return got.Sub(want).Abs() < 5*time.Second }
			want := now.Add(-tt.oldest)
			if tt.cause != enrich.CauseLogin {
				want = g.Answered
			}
			if !near(asked.NotBefore, want) || !near(asked.KeepUntil, now.Add(tt.keep)) {
				t.Errorf("NotBefore %v, KeepUntil %v from now; want %v, %v", asked.NotBefore.Sub(now), asked.KeepUntil.Sub(now), want.Sub(now), tt.keep)
			}
		})
	}
}
