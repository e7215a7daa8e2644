package enrich_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// Laws C1, C2 and D1 in random grants.
func TestGrant_IsNeverPartlyEnriched(t *testing.T) {
	grants := uint64(100)
	if testing.Short() {
		grants = 20
	}
	hashes := map[string]func(string) string{"ES256": hash256, "HS256": hash256, "ES384": hash384, "EdDSA": hash512}
	for _, algorithms := range [][2]string{{"ES256", keys.Same}, {"ES256", "EdDSA"}, {"EdDSA", "ES384"}, {"HS256", keys.Same}} {
		for _, kinds := range [][]enrich.Kind{{enrich.Access}, {enrich.ID}, {enrich.Access, enrich.ID}} {
			t.Run(fmt.Sprint(algorithms, kinds), func(t *testing.T) {
				f := newFixture(t, algorithms[0], func(k *keys.Options, o *enrich.Options) {
					k.Algorithm, o.Kinds, o.Restore, o.Source = algorithms[1], kinds, enrich.RestoreOn, sourceFunc(someDocuments)
				})
				for seed := range grants {
					g := randomGrant(rand.New(rand.NewPCG(0, seed)), f.issuer, hashes[algorithms[0]])
					got := f.Enrich(t.Context(), g)
					checkAllOrNone(t, f, g, got, kinds)
					checkHashes(t, g, got, hashes)
					if t.Failed() {
						t.Fatalf("in the grant of seed %d: %+v", seed, got)
					}
				}
			})
		}
	}
}

// someDocuments has a document for u1 and a stale one for u2, and fails for u3.
func someDocuments(q enrich.Query) (enrich.Document, error) {
	switch q.User.ID {
	case "u1", "u2":
		return enrich.Document{JSON: []byte(`{}`), ReadAt: time.Now(), Stale: q.User.ID == "u2"}, nil
	case "u3":
		return enrich.Document{}, errors.New("down")
	}
	return enrich.Document{}, enrich.ErrNoDocument
}

// randomGrant returns a grant of up to four tokens. Its id_tokens may have the at_hash of
// an access token before them, and a c_hash.
func randomGrant(r *rand.Rand, issuer *enrichtest.Issuer, hash func(string) string) enrich.Grant {
	one := func(of ...string) string { return of[r.IntN(len(of))] }
	g := enrich.Grant{Answered: time.Now(), Code: one("", "code", "code"), MarkFailure: r.IntN(2) == 0, DPoP: r.IntN(9) == 0}
	accesses := []string{"an access token elsewhere"}
	for i := range 1 + r.IntN(4) {
		claims, kind := fmt.Sprintf(`"jti":"%d","sub":%q`, i, one("u1", "u1", "u1", "u2", "u3", "u4")), enrich.Access
		if r.IntN(2) == 0 {
			kind = enrich.ID
			claims += one("", `,"at_hash":"`+hash(one(accesses...))+`"`) + one("", "", `,"c_hash":"`+hash("code")+`"`)
		}
		valid := issuer.Token("{" + claims + "}")
		raw := one(valid, valid, valid, valid, valid, issuer.Token("{"+claims+`,"exp":1}`),
			fmt.Sprint("opaque", i), fmt.Sprint("eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d", i))
		budget := 6 << 10
		if r.IntN(20) == 0 {
			budget = 1
		}
		g.Tokens = append(g.Tokens, enrich.Issued{Raw: raw, Kind: kind, Budget: budget})
		if kind == enrich.Access {
			accesses = append(accesses, raw)
		}
	}
	return g
}

func checkAllOrNone(t *testing.T, f fixture, g enrich.Grant, got []enrich.Outcome, kinds []enrich.Kind) {
	t.Helper()
	enriched := slices.ContainsFunc(got, func(o enrich.Outcome) bool { return o.Reason == enrich.OK || o.Reason == enrich.Stale })
	for i, outcome := range got {
		original := g.Tokens[i].Raw
		bad := outcome.Reason == enrich.BadToken && slices.Contains(kinds, g.Tokens[i].Kind)
		if enriched && (bad || outcome.Refusable() || outcome.Reason == enrich.KeyBound) {
			t.Errorf("token %d has the reason %s, but another one is enriched", i, outcome.Reason)
		}
		if outcome.Raw == original {
			continue
		}
		if !enriched {
			t.Errorf("token %d changed, but none is enriched", i)
		}
		if restored, ok := f.Restore(outcome.Raw); !ok || restored != original {
			t.Errorf("token %d: restored %v to %s, want %s", i, ok, restored, original)
		}
	}
}

// checkHashes checks every id_token: a hash that was right before must be right for the
// outgoing tokens.
func checkHashes(t *testing.T, g enrich.Grant, got []enrich.Outcome, hashes map[string]func(string) string) {
	t.Helper()
	hashIsRight := func(raw, claim, of string) bool {
		token, err := enrich.ParseToken(raw)
		if err != nil {
			return false
		}
		hash, _ := jsonedit.Unquote(token.Claim(claim))
		return hash == hashes[token.Algorithm](of)
	}
	for i, id := range g.Tokens {
		if hashIsRight(id.Raw, "c_hash", "code") && !hashIsRight(got[i].Raw, "c_hash", "code") {
			t.Errorf("token %d: c_hash is no longer right", i)
		}
		for j, access := range g.Tokens {
			if hashIsRight(id.Raw, "at_hash", access.Raw) && !hashIsRight(got[i].Raw, "at_hash", got[j].Raw) {
				t.Errorf("token %d: at_hash is no longer right for token %d", i, j)
			}
		}
	}
}
