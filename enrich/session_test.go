package enrich_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// withRestore seals tokens of every kind of key.
func withRestore(_ *keys.Options, o *enrich.Options) { o.Restore = enrich.RestoreOn }

// withBackendKey makes the fixture sign with the backend's own key.
func withBackendKey(t *testing.T, issuer *enrichtest.Issuer, restore enrich.Restore) fixture {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backend.pem")
	if err := os.WriteFile(path, issuer.PrivatePEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, "ES256", func(k *keys.Options, o *enrich.Options) {
		k.JWKS, k.Dir, k.BackendKey = "", "", path
		o.Restore = restore
	})
	f.issuer = issuer
	return f
}

func TestAuthenticate_AcceptsOriginalAndEnrichedTokens(t *testing.T) {
	fixtures := map[string]fixture{"backend_key, restored": withBackendKey(t, enrichtest.NewIssuer(t, "ES256"), enrich.RestoreOn)}
	for _, algorithm := range []string{"HS256", "RS256", "ES256", "EdDSA"} {
		fixtures[algorithm] = newFixture(t, algorithm, withRestore)
	}
	for name, f := range fixtures {
		claims := claimsOf(`,"extra":1.0`)
		original := f.issuer.Token(claims)
		for token, document := range map[string]string{original: "", f.enrichOne(t, original).Raw: `{"lang":"en"}`} {
			s, err := f.Authenticate(t.Context(), token)
			if err != nil || s.User.ID != "u1" || string(s.Claims) != claims || string(s.Document) != document || s.Enriched != (document != "") {
				t.Errorf("%s: Authenticate = %q with claims %s, document %s, enriched %t, %v; want u1 with the original's claims and %q", name, s.User.ID, s.Claims, s.Document, s.Enriched, err, document)
			}
		}
	}
}

// A version before format 2 made these tokens.
func TestAuthenticate_ReadsFormat1(t *testing.T) {
	for _, token := range format1Tokens(t) {
		if token.BackendKey == "" && token.Key != "" {
			continue // their originals are of a backend whose key is not known
		}
		s, err := token.enricher(t).Authenticate(t.Context(), token.Enriched)
		_, original := enrichtest.DecodeToken(t, token.Original)
		if err != nil || string(s.Claims) != original || s.Document == nil {
			t.Errorf("%s: Authenticate = %s with document %s, %v; want %s", token.Name, s.Claims, s.Document, err, original)
		}
	}
}

func TestAuthenticate_RefusesWhatIsNoBearerTokenOfAUser(t *testing.T) {
	f := newFixture(t, "HS256", func(k *keys.Options, _ *enrich.Options) { k.Issuers = []string{"https://issuer"} })
	token := func(more string) string { return f.issuer.Token(claimsOf(`,"iss":"https://issuer"` + more)) }
	expired := strings.ReplaceAll(`{"sub":"u1","iss":"https://issuer","exp":EXP}`, "EXP", "1700000000")
	valid := token("")
	for _, tt := range []struct {
		name, token string
		want        error
	}{
		{"expired", f.issuer.Token(expired), enrich.ErrExpired},
		{"not valid yet", token(`,"nbf":99999999999`), enrich.ErrTime},
		{"of another issuer", f.issuer.Token(claimsOf(`,"iss":"https://other"`)), enrich.ErrNotOurs},
		{"without an issuer", f.issuer.Token(claimsOf("")), enrich.ErrNotOurs},
		{"of another key", enrichtest.NewIssuer(t, "ES256").Token(claimsOf(`,"iss":"https://issuer"`)), enrich.ErrBadToken},
		{"a refresh token by its typ", f.issuer.TokenWithHeader(`{"alg":"HS256","typ":"refresh+jwt"}`, claimsOf(`,"iss":"https://issuer"`)), enrich.ErrNotOurs},
		{"a refresh token by its claim", token(`,"typ":"Refresh"`), enrich.ErrNotOurs},
		{"bound to a key", token(`,"cnf":{"jkt":"a"}`), enrich.ErrNotOurs},
		{"without a user", f.issuer.Token(strings.Replace(claimsOf(`,"iss":"https://issuer"`), `"u1"`, `null`, 1)), enrich.ErrNotOurs},
		{"of an object", f.issuer.Token(strings.Replace(claimsOf(`,"iss":"https://issuer"`), `"u1"`, `{"$ne":1}`, 1)), enrich.ErrNotOurs},
		{"tampered", valid[:len(valid)-4] + "AAAA", enrich.ErrBadToken},
		{"without a signature", valid[:strings.LastIndex(valid, ".")+1], enrich.ErrBadToken},
		{"alg none", enrichtest.EncodeSegment(`{"alg":"none"}`) + "." + enrichtest.EncodeSegment(claimsOf("")) + ".", enrich.ErrBadToken},
		{"not a token", "a.b.c", enrich.ErrOpaque},
		{"empty", "", enrich.ErrOpaque},
		{"too large", strings.Repeat("a", enrich.MaxToken+1), enrich.ErrTooLarge},
	} {
		s, err := f.Authenticate(t.Context(), tt.token)
		if !errors.Is(err, tt.want) || s.User != (enrich.User{}) || s.Claims != nil {
			t.Errorf("%s: Authenticate = %+v, %v; want %v", tt.name, s, err, tt.want)
		}
		if errors.Is(err, enrich.ErrExpired) != (tt.want == enrich.ErrExpired) {
			t.Errorf("%s: Authenticate = %v, want ErrExpired for an expired token only", tt.name, err)
		}
	}
}

// Enriching makes no token valid: the time of the original counts.
func TestAuthenticate_EnrichedTokenExpiresWithItsOriginal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "ES256", func(k *keys.Options, _ *enrich.Options) { k.Leeway = 0 })
		exp := time.Now().Add(time.Hour).Unix()
		enriched := f.enrichOne(t, f.issuer.Token(strings.Replace(claimsOf(""), `"exp":`, `"exp":`+strconv.FormatInt(exp, 10)+`,"x":`, 1))).Raw
		time.Sleep(time.Hour - time.Second)
		if _, err := f.Authenticate(t.Context(), enriched); err != nil {
			t.Fatalf("a second before exp: Authenticate = %v, want the user", err)
		}
		time.Sleep(time.Second)
		if _, err := f.Authenticate(t.Context(), enriched); !errors.Is(err, enrich.ErrExpired) {
			t.Errorf("at exp: Authenticate = %v, want ErrExpired", err)
		}
	})
}

// A claim of the same name is the backend's own, and says nothing about the document.
func TestAuthenticate_ClaimOfTheBackendIsNoDocument(t *testing.T) {
	f := newFixture(t, "ES256", func(_ *keys.Options, o *enrich.Options) {
		o.Source = documents(map[string]string{"u2": `{"lang":"en"}`})
		o.Freshness = "freshness" // so that the token of a user without a document is signed too
	})
	original := f.issuer.Token(claimsOf(`,"custom_data":{"role":"admin"}`))
	enriched := f.enrichOne(t, original).Raw
	if enriched == original {
		t.Fatal("the token was not signed again")
	}
	for _, token := range []string{original, enriched} {
		if s, err := f.Authenticate(t.Context(), token); err != nil || s.Document != nil {
			t.Errorf("Authenticate = document %s, %v; want none", s.Document, err)
		}
	}
	replaced := f.enrichOne(t, f.issuer.Token(strings.Replace(claimsOf(`,"custom_data":{"role":"admin"}`), "u1", "u2", 1))).Raw
	if s, err := f.Authenticate(t.Context(), replaced); err != nil || string(s.Document) != `{"lang":"en"}` {
		t.Errorf("Authenticate = document %s, %v; want the user's", s.Document, err)
	}
}

// With backend_key and without restore, an enriched token looks like one that the backend
// made, so its claim does not count as the document.
func TestAuthenticate_WithoutARecordThereIsNoDocument(t *testing.T) {
	f := withBackendKey(t, enrichtest.NewIssuer(t, "ES256"), enrich.RestoreAuto)
	enriched := f.enrichOne(t, f.issuer.Token(claimsOf(""))).Raw
	if s, err := f.Authenticate(t.Context(), enriched); err != nil || s.User.ID != "u1" || s.Document != nil || s.Enriched {
		t.Errorf("Authenticate = %q with document %s, enriched %t, %v; want u1 without a document", s.User.ID, s.Document, s.Enriched, err)
	}
}

// Without keys no one can say whose token it is: it is neither valid nor invalid.
func TestAuthenticate_CannotDecideWithoutKeys(t *testing.T) {
	f := newFixture(t, "ES256", func(k *keys.Options, _ *enrich.Options) { k.JWKS = "http://127.0.0.1:1/jwks.json" })
	_, err := f.Authenticate(t.Context(), f.issuer.Token(claimsOf("")))
	if err == nil || enrich.IsInvalid(err) {
		t.Errorf("Authenticate = %v, want an error that decides nothing", err)
	}
}

// Law F1, for logins: where users can write their documents, a login has what was written
// before the backend answered it, whatever a cache has.
func TestFreshLogins_ReadAfterTheBackendAnswered(t *testing.T) {
	for _, fresh := range []bool{true, false} {
		var notBefore time.Time
		f := newFixture(t, "ES256", func(_ *keys.Options, o *enrich.Options) {
			o.FreshLogins = fresh
			o.Source = sourceFunc(func(q enrich.Query) (enrich.Document, error) {
				notBefore = q.NotBefore
				return enrich.Document{JSON: []byte(`{}`), ReadAt: time.Now()}, nil
			})
		})
		g := grant(f.issuer.Token(claimsOf("")), "")
		g.Cause = enrich.CauseLogin
		f.Enrich(context.Background(), g)
		if isFresh := !notBefore.Before(g.Answered); isFresh != fresh {
			t.Errorf("FreshLogins %t: a login accepts a read from %v before the answer, want none: %t", fresh, g.Answered.Sub(notBefore), fresh)
		}
	}
}
