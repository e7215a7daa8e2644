package enrich_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

func TestGrant_IsEnrichedAllOrNone(t *testing.T) {
	down := errors.New("source down")
	tests := []struct {
		name   string
		id     func(f fixture, access string) string
		change func(*keys.Options, *enrich.Options)
		want   [2]enrich.Reason // of the access token and of the id_token
	}{
		{"id_token that gets no claim", func(f fixture, _ string) string { return f.issuer.Token(claimsOf("")) }, nil,
			[2]enrich.Reason{enrich.OK, ""}},
		{"foreign id_token", func(f fixture, _ string) string {
			return f.issuer.TokenWithHeader(`{"alg":"ES256","kid":"other"}`, claimsOf(""))
		}, nil,
			[2]enrich.Reason{enrich.OK, enrich.NotOurs}},
		{"broken id_token", func(f fixture, _ string) string { return f.issuer.Token(claimsOf(`,"a":1,"a":1`)) }, nil,
			[2]enrich.Reason{enrich.BadToken, enrich.BadToken}},
		{"encrypted id_token", func(fixture, string) string { return "eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d" }, nil,
			[2]enrich.Reason{enrich.Opaque, enrich.Opaque}},
		{"foreign id_token with the access token's at_hash", func(f fixture, access string) string {
			return f.issuer.TokenWithHeader(`{"alg":"ES256","kid":"other"}`, claimsOf(`,"at_hash":"`+hash256(access)+`"`))
		}, nil,
			[2]enrich.Reason{enrich.NotOurs, enrich.NotOurs}},
		{"source down", func(f fixture, access string) string {
			return f.issuer.Token(claimsOf(`,"at_hash":"` + hash256(access) + `"`))
		}, func(_ *keys.Options, o *enrich.Options) {
			o.Source = sourceFunc(func(enrich.Query) (enrich.Document, error) { return enrich.Document{}, down })
		}, [2]enrich.Reason{enrich.Unavailable, enrich.Unavailable}},
		{"document too large", func(f fixture, _ string) string { return f.issuer.Token(claimsOf("")) },
			func(_ *keys.Options, o *enrich.Options) { o.MaxSize = 5 },
			[2]enrich.Reason{enrich.TooLarge, ""}},
		{"no signing key", func(f fixture, access string) string {
			return f.issuer.Token(claimsOf(`,"at_hash":"` + hash256(access) + `"`))
		}, func(k *keys.Options, _ *enrich.Options) { k.Dir = "" },
			[2]enrich.Reason{enrich.SignFailed, enrich.SignFailed}},
		{"no signing key and nothing to sign", func(f fixture, access string) string {
			return f.issuer.Token(claimsOf(`,"at_hash":"` + hash256(access) + `"`))
		}, func(k *keys.Options, o *enrich.Options) { k.Dir, o.Source = "", documents(nil) },
			[2]enrich.Reason{enrich.NoDocument, ""}},
		{"no document", func(f fixture, access string) string {
			return f.issuer.Token(claimsOf(`,"at_hash":"` + hash256(access) + `"`))
		}, func(_ *keys.Options, o *enrich.Options) { o.Source = documents(nil) },
			[2]enrich.Reason{enrich.NoDocument, ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, "ES256", tt.change)
			access := f.issuer.Token(claimsOf(""))
			id := tt.id(f, access)
			got := f.Enrich(t.Context(), grant(access, id))
			for i, original := range []string{access, id} {
				if got[i].Reason != tt.want[i] {
					t.Errorf("token %d: reason %q (%v), want %q", i, got[i].Reason, got[i].Err, tt.want[i])
				}
				if changed := got[i].Raw != original; changed != (tt.want[i] == enrich.OK) {
					t.Errorf("token %d: reason %q, changed %v; want changed %v", i, got[i].Reason, changed, !changed)
				}
			}
		})
	}
}

func TestGrant_TokenOverItsBudgetBlocksAllTokens(t *testing.T) {
	f := newFixture(t, "ES256", func(_ *keys.Options, o *enrich.Options) { o.Kinds = []enrich.Kind{enrich.Access, enrich.ID} })
	g := grant(f.issuer.Token(claimsOf("")), f.issuer.Token(claimsOf("")+" "))
	enriched := f.Enrich(t.Context(), g)
	g.Tokens[1].Budget = len(enriched[1].Raw) - 1
	for i, got := range f.Enrich(t.Context(), g) {
		if got.Reason != enrich.TooLarge || got.Raw != g.Tokens[i].Raw {
			t.Errorf("token %d: reason %q, changed %v; want too_large, unchanged", i, got.Reason, got.Raw != g.Tokens[i].Raw)
		}
	}
}

func TestDPoP_PassesUnlessTheBackendsKeySigns(t *testing.T) {
	for algorithm, want := range map[string]enrich.Reason{"ES256": enrich.KeyBound, "HS256": enrich.OK} {
		f := newFixture(t, algorithm, nil)
		g := grant(f.issuer.Token(claimsOf("")), "")
		g.DPoP = true
		if got := f.Enrich(t.Context(), g)[0]; got.Reason != want {
			t.Errorf("%s: reason %q, want %q", algorithm, got.Reason, want)
		}
	}
}

func TestGrant_ReadsOncePerUser(t *testing.T) {
	reads := 0
	f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) {
		o.Kinds = []enrich.Kind{enrich.Access, enrich.ID}
		o.Source = sourceFunc(func(enrich.Query) (enrich.Document, error) {
			reads++
			return enrich.Document{JSON: []byte(`{}`), ReadAt: time.Now()}, nil
		})
	})
	got := f.Enrich(t.Context(), grant(f.issuer.Token(claimsOf("")), f.issuer.Token(claimsOf(`,"nonce":"n"`))))
	if got[0].Reason != enrich.OK || got[1].Reason != enrich.OK || reads != 1 {
		t.Errorf("reasons %q, %q after %d reads; want ok, ok after 1", got[0].Reason, got[1].Reason, reads)
	}
}
