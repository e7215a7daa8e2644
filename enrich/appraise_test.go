package enrich_test

import (
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

func TestAppraise_SaysWhatATokenIs(t *testing.T) {
	for _, algorithm := range []string{"HS256", "ES256"} {
		f := newFixture(t, algorithm, func(_ *keys.Options, o *enrich.Options) { o.Restore = enrich.RestoreOn })
		stranger := enrichtest.NewIssuer(t, algorithm)
		if algorithm == "HS256" {
			stranger.Private = []byte("another secret, of 32 bytes or more")
		}
		original := f.issuer.Token(claimsOf(""))
		for _, tt := range []struct {
			name, token string
			kind        enrich.Kind
			want        enrich.Appraisal
		}{
			{"the backend's", original, enrich.Access, enrich.TokenIssued},
			{"an id_token", original, enrich.ID, enrich.TokenForeign},
			{"an id_token with at_hash", f.issuer.Token(claimsOf(`,"at_hash":"x"`)), enrich.ID, enrich.TokenIssued},
			{"a refresh token", f.issuer.Token(claimsOf(`,"type":"refresh"`)), enrich.Access, enrich.TokenForeign},
			{"a refresh token of Keycloak", f.issuer.Token(claimsOf(`,"typ":"Refresh"`)), enrich.Access, enrich.TokenForeign},
			{"a bearer token", f.issuer.Token(claimsOf(`,"typ":"Bearer"`)), enrich.Access, enrich.TokenIssued},
			{"of no user", f.issuer.Token(`{"exp":4102444800}`), enrich.Access, enrich.TokenForeign},
			{"expired", f.issuer.Token(`{"sub":"u1","exp":1}`), enrich.Access, enrich.TokenForeign},
			{"enriched", f.enrichOne(t, original).Raw, enrich.Access, enrich.TokenReturned},
			{"with a claim of our name", f.issuer.Token(claimsOf(`,"custom_data":{}`)), enrich.Access, enrich.TokenForeign},
			{"a stranger's", stranger.Token(claimsOf("")), enrich.Access, enrich.TokenForeign},
			{"no token", "a.b.c", enrich.Access, enrich.TokenForeign},
		} {
			if got := f.Appraise(tt.token, tt.kind); got != tt.want {
				t.Errorf("%s, %s: Appraise = %d, want %d", algorithm, tt.name, got, tt.want)
			}
		}
	}
}

// keyless is a ring that cannot verify without waiting.
type keyless struct{ enrich.Ring }

func TestAppraise_WithoutKeysIsUndecided(t *testing.T) {
	f := newFixture(t, "ES256", nil)
	ring, err := keys.Open(keys.Options{Issuers: []string{"x"}, JWKS: "http://127.0.0.1:1/jwks.json", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, ring := range []enrich.Ring{ring, keyless{ring}} {
		e, err := enrich.New(enrich.Options{Ring: ring, Source: documents(nil), UserID: "sub", Claim: "custom_data", Kinds: []enrich.Kind{enrich.Access}, MaxSize: 1024})
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Appraise(f.issuer.Token(`{"sub":"u1","iss":"x"}`), enrich.Access); got != enrich.TokenUndecided {
			t.Errorf("%T: Appraise = %d, want %d", ring, got, enrich.TokenUndecided)
		}
	}
}
