package enrich_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

func TestHashes_ChangeWithTheAccessTokenAndTheAlgorithm(t *testing.T) {
	tests := []struct {
		name, algorithm, sign string
		was, is               func(string) string
	}{
		{"same algorithm", "ES256", "", hash256, hash256},
		{"other hash", "ES256", "EdDSA", hash256, hash512},
		{"other hash, same family", "ES256", "ES384", hash256, hash384},
		{"shorter hash", "ES384", "ES256", hash384, hash256},
		{"same hash, other family", "EdDSA", "ES512", hash512, hash512},
		{"same hash, other name", "Ed25519", "EdDSA", hash512, hash512},
		{"the newer name", "Ed25519", "", hash512, hash512},
		{"other hash, the newer name", "ES256", "Ed25519", hash256, hash512},
		{"longest RSA hash", "PS512", "", hash512, hash512},
		{"secret, which signs the enriched token too", "HS384", "EdDSA", hash384, hash384},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, tt.algorithm, func(k *keys.Options, o *enrich.Options) {
				k.Algorithm, o.Restore = tt.sign, enrich.RestoreOn
			})
			claims := func(hash func(string) string, access string) string {
				return claimsOf(fmt.Sprintf(`,"at_hash":%q,"c_hash":%q,"n":1.0,"s_hash":%q`, hash(access), hash("the code"), hash("the state")))
			}
			access := f.issuer.Token(claimsOf(""))
			id := f.issuer.Token(claims(tt.was, access))
			g := grant(access, id)
			g.Code, g.State = "the code", "the state"
			got := f.Enrich(t.Context(), g)
			if got[0].Reason != enrich.OK || got[1].Reason != enrich.OK {
				t.Fatalf("reasons %q, %q (%v), want ok, ok", got[0].Reason, got[1].Reason, got[1].Err)
			}
			want := claims(tt.is, got[0].Raw)
			_, enriched := enrichtest.DecodeToken(t, got[1].Raw)
			if enriched, _ := enrichtest.CutRecord(enriched); enriched != want {
				t.Errorf("id_token %s, want %s", enriched, want)
			}
			if original, ok := f.Restore(got[1].Raw); !ok || original != id {
				t.Errorf("restored %v to %s, want %s", ok, original, id)
			}
		})
	}
}

func TestHashes_UnknownTextBlocksTheGrant(t *testing.T) {
	f := newFixture(t, "ES256", func(k *keys.Options, _ *enrich.Options) { k.Algorithm = "EdDSA" })
	access := f.issuer.Token(claimsOf(""))
	for _, claim := range []string{"c_hash", "s_hash"} {
		id := f.issuer.Token(claimsOf(fmt.Sprintf(`,"at_hash":%q,%q:%q`, hash256(access), claim, hash256("an unknown value"))))
		for i, got := range f.Enrich(t.Context(), grant(access, id)) {
			if got.Reason != enrich.SignFailed || got.Raw != []string{access, id}[i] {
				t.Errorf("%s: token %d: reason %q (%v), want sign_failed and the original", claim, i, got.Reason, got.Err)
			}
		}
	}
}

func TestHashes_WrongAtHashIsUnchanged(t *testing.T) {
	f := newFixture(t, "ES256", nil)
	id := f.issuer.Token(claimsOf(`,"at_hash":"` + hash256("something else") + `"`))
	got := f.Enrich(t.Context(), grant(f.issuer.Token(claimsOf("")), id))
	if got[0].Reason != enrich.OK || got[1].Raw != id {
		t.Errorf("reasons %q, %q; id_token changed %v, want it unchanged", got[0].Reason, got[1].Reason, got[1].Raw != id)
	}
}

// If the grant has an access token, an at_hash that does not match it was wrong before.
// Without one, it could be right.
func TestHashes_AtHashWithoutItsAccessToken(t *testing.T) {
	f := newFixture(t, "ES256", func(k *keys.Options, o *enrich.Options) {
		k.Algorithm, o.Kinds = "EdDSA", []enrich.Kind{enrich.ID}
	})
	id := f.issuer.Token(claimsOf(`,"at_hash":"` + hash256("something else") + `"`))
	for access, want := range map[string]enrich.Reason{"opaque": enrich.OK, "": enrich.SignFailed} {
		outcomes := f.Enrich(t.Context(), grant(access, id))
		got := outcomes[len(outcomes)-1]
		if got.Reason != want || (got.Raw != id) != (want == enrich.OK) {
			t.Errorf("access token %q: reason %q (%v), changed %v; want %q", access, got.Reason, got.Err, got.Raw != id, want)
		}
		if _, claims := enrichtest.DecodeToken(t, got.Raw); !strings.Contains(claims, hash256("something else")) {
			t.Errorf("access token %q: claims %s, want the original at_hash", access, claims)
		}
	}
}

func hash256(text string) string { sum := sha256.Sum256([]byte(text)); return left(sum[:]) }
func hash384(text string) string { sum := sha512.Sum384([]byte(text)); return left(sum[:]) }
func hash512(text string) string { sum := sha512.Sum512([]byte(text)); return left(sum[:]) }
func left(sum []byte) string     { return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2]) }
