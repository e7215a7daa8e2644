package enrich_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

func TestNew_NamesTheFieldThatIsWrong(t *testing.T) {
	f := newFixture(t, "HS256", nil)
	tests := []struct {
		field  string
		change func(*enrich.Options)
	}{
		{"Ring", func(o *enrich.Options) { o.Ring = nil }},
		{"Source", func(o *enrich.Options) { o.Source = nil }},
		{"UserID", func(o *enrich.Options) { o.UserID = "a..b" }},
		{"Claim", func(o *enrich.Options) { o.Claim = "sub" }},
		{"Claim", func(o *enrich.Options) { o.Claim = "roles" }},
		{"Freshness", func(o *enrich.Options) { o.Freshness = "exp" }},
		{"Freshness", func(o *enrich.Options) { o.Freshness = "custom_data" }},
		{"ReadAt", func(o *enrich.Options) { o.ReadAt = "custom_data" }},
		{"ReadAt", func(o *enrich.Options) { o.Freshness, o.ReadAt = "x", "x" }},
		{"Kinds", func(o *enrich.Options) { o.Kinds = []enrich.Kind{"refresh"} }},
		{"MaxSize", func(o *enrich.Options) { o.MaxSize = -1 }},
		{"MaxAge", func(o *enrich.Options) { o.MaxAge = -time.Second }},
		{"Restore", func(o *enrich.Options) { o.Restore = enrich.RestoreOff + 1 }},
	}
	for _, tt := range tests {
		o := enrich.Options{Ring: f.ring, Source: documents(nil)}
		tt.change(&o)
		if _, err := enrich.New(o); err == nil || !strings.Contains(err.Error(), "Options."+tt.field) {
			t.Errorf("New with a wrong %s returned the error %v, want one that names the field", tt.field, err)
		}
	}
}

func TestNew_ZeroOptionsHaveDefaults(t *testing.T) {
	f := newFixture(t, "HS256", nil)
	for size, want := range map[int]enrich.Reason{16 << 10: enrich.OK, 16<<10 + 1: enrich.TooLarge} {
		document := `{"a":"` + strings.Repeat("x", size-len(`{"a":""}`)) + `"}`
		e, err := enrich.New(enrich.Options{Ring: f.ring, Source: documents(map[string]string{"u1": document})})
		if err != nil {
			t.Fatal(err)
		}
		g := grant(f.issuer.Token(claimsOf(`,"custom_data":1`)), f.issuer.Token(claimsOf(`,"nonce":"n"`)))
		g.Tokens[0].Budget = 1 << 20
		got := e.Enrich(t.Context(), g)
		if got[0].Reason != want || got[1].Reason != "" {
			t.Errorf("document of %d bytes: reasons %q, %q; want %q for the access token, none for the id_token", size, got[0].Reason, got[1].Reason, want)
		}
	}
	e, err := enrich.New(enrich.Options{Ring: f.ring, Source: documents(nil)})
	if err != nil {
		t.Fatal(err)
	}
	// The warning about the claim is discarded, because there is no logger.
	if got := e.Enrich(t.Context(), grant(f.issuer.Token(claimsOf(`,"custom_data":1`)), ""))[0]; got.Reason != enrich.NoDocument {
		t.Errorf("user without a document: reason %q, want no_document", got.Reason)
	}
}
