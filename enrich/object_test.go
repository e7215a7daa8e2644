package enrich_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

func TestEnrichObject_HasTheClaimsOfAToken(t *testing.T) {
	f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) { o.Freshness = "freshness" })
	const claims = `,"custom_data":{"lang":"en"},"freshness":"fresh"}`
	tests := []struct{ name, answer, want string }{
		{"userinfo", `{ "sub":"u1", "n":1.0 }`, `{ "sub":"u1", "n":1.0 ` + claims},
		{"active", `{"active":true,"sub":"u1"}`, `{"active":true,"sub":"u1"` + claims},
		{"not active", `{"active":false,"sub":"u1"}`, ""},
		{"active is a string", `{"active":"true","sub":"u1"}`, ""},
		{"user without a document", `{"sub":"u2"}`, ""},
		{"no user", `{"name":"x"}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want == "" {
				tt.want = tt.answer
			}
			got, err := f.EnrichObject(t.Context(), []byte(tt.answer))
			if err != nil || string(got) != tt.want {
				t.Errorf("EnrichObject(%s) = %s, %v; want %s", tt.answer, got, err, tt.want)
			}
		})
	}
}

func TestEnrichObject_FailsWithoutTheDocument(t *testing.T) {
	down := errors.New("down")
	f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) {
		o.Source = sourceFunc(func(enrich.Query) (enrich.Document, error) { return enrich.Document{}, down })
	})
	if _, err := f.EnrichObject(t.Context(), []byte(`{"sub":"u1"}`)); !errors.Is(err, down) {
		t.Errorf("EnrichObject with the source down returned the error %v, want %v", err, down)
	}
	if _, err := f.EnrichObject(t.Context(), []byte(`{"sub":"u1","sub":"u2"}`)); err == nil {
		t.Error("EnrichObject with two members sub has no error, want one")
	}
	f = newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) { o.MaxSize = 3 })
	if _, err := f.EnrichObject(t.Context(), []byte(`{"sub":"u1"}`)); !errors.Is(err, enrich.ErrTooLarge) {
		t.Errorf("EnrichObject with a document over MaxSize returned the error %v, want %v", err, enrich.ErrTooLarge)
	}
}

func TestEnrichObject_DocumentIsAsOldAsInAToken(t *testing.T) {
	now := time.Now()
	tests := []struct {
		name, answer string
		maxAge, want time.Duration
	}{
		{"no exp", `{"sub":"u1"}`, 0, 0},
		{"no exp, max_age", `{"sub":"u1"}`, time.Hour, time.Hour},
		{"exp", fmt.Sprintf(`{"sub":"u1","iat":%d,"exp":%d}`, now.Unix(), now.Unix()+600), 0, 10 * time.Minute},
		{"exp with a fraction", fmt.Sprintf(`{"sub":"u1","iat":%d.25,"exp":%d.5}`, now.Unix(), now.Unix()+600), time.Hour, 10 * time.Minute},
		{"exp too large for a time", `{"sub":"u1","exp":9223372036854775807}`, time.Hour, time.Hour},
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
			if _, err := f.EnrichObject(t.Context(), []byte(tt.answer)); err != nil {
				t.Fatal(err)
			}
			if got := now.Sub(asked.NotBefore); (got - tt.want).Abs() > 5*time.Second {
				t.Errorf("EnrichObject(%s) accepts a document that is %v old, want %v", tt.answer, got, tt.want)
			}
		})
	}
}
