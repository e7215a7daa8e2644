package enrich_test

import (
	"errors"
	"strings"
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

// D6: the token or the response says that a token is bound.
func TestDPoP_PassesUnlessTheBackendsKeySigns(t *testing.T) {
	const bound, mutualTLS = `,"cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}`, `,"cnf":{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}`
	for _, tt := range []struct {
		algorithm, more string
		dpop            bool
		want            enrich.Reason
	}{
		{"ES256", "", true, enrich.KeyBound},
		{"ES256", bound, false, enrich.KeyBound},
		{"ES256", bound, true, enrich.KeyBound},
		{"ES256", mutualTLS, false, enrich.OK},
		{"ES256", `,"cnf":"jkt"`, false, enrich.OK},
		{"HS256", "", true, enrich.OK},
		{"HS256", bound, false, enrich.OK},
	} {
		f := newFixture(t, tt.algorithm, nil)
		g := grant(f.issuer.Token(claimsOf(tt.more)), "")
		g.DPoP = tt.dpop
		if got := f.Enrich(t.Context(), g)[0]; got.Reason != tt.want {
			t.Errorf("%s with %q, DPoP %t: reason %q, want %q", tt.algorithm, tt.more, tt.dpop, got.Reason, tt.want)
		}
	}
}

// C1: a client can put any token into the address that the backend redirects to.
func TestGrant_EchoedTokenBlocksNothing(t *testing.T) {
	f := newFixture(t, "ES256", func(_ *keys.Options, o *enrich.Options) { o.Kinds = []enrich.Kind{enrich.Access, enrich.ID} })
	real := f.issuer.Token(claimsOf(""))
	for _, tt := range []struct {
		name string
		raw  string
		kind enrich.Kind
	}{
		{"broken", real[:len(real)-8] + "AAAAAAAA", enrich.Access},
		{"alg none", "eyJhbGciOiJub25lIn0.e30.", enrich.Access},
		{"key that the backend does not have", f.issuer.TokenWithHeader(`{"alg":"ES256","kid":"other"}`, claimsOf("")), enrich.Access},
		{"too large", real + strings.Repeat("A", enrich.MaxToken), enrich.Access},
		{"encrypted id_token", "eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d", enrich.ID},
		{"id_token with the at_hash of the access token", f.issuer.TokenWithHeader(`{"alg":"ES256","kid":"other"}`, claimsOf(`,"at_hash":"`+hash256(real)+`"`)), enrich.ID},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range 2 { // the second time, an unknown key is unavailable
				g := grant(real, "")
				g.Tokens = append(g.Tokens, enrich.Issued{Raw: tt.raw, Kind: tt.kind, Budget: 6 << 10})
				g.Echoed = func(raw string) bool { return raw == tt.raw }
				got := f.Enrich(t.Context(), g)
				if got[0].Reason != enrich.OK || got[1].Raw != tt.raw || got[1].Reason == enrich.OK || got[1].Refusable() || !got[1].Accepted() {
					t.Errorf("reasons %q, %q (changed %t, refusable %t, accepted %t); want ok, and the other one unchanged, not refusable and accepted",
						got[0].Reason, got[1].Reason, got[1].Raw != tt.raw, got[1].Refusable(), got[1].Accepted())
				}
				g.Tokens = g.Tokens[1:]
				if alone := f.Enrich(t.Context(), g); alone[0].Accepted() {
					t.Errorf("alone: accepted with the reason %q, want not accepted", alone[0].Reason)
				}
			}
		})
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
