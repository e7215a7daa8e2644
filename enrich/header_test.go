package enrich_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// restoring makes all enriched tokens restorable.
func restoring(_ *keys.Options, o *enrich.Options) { o.Restore = enrich.RestoreOn }

// Headers are kept, so the header of one token must not get into another one.
func TestHeaders_StayApart(t *testing.T) {
	for _, algorithm := range []string{"HS256", "EdDSA"} {
		f := newFixture(t, algorithm, restoring)
		for i := range 200 {
			i %= 20
			header := fmt.Sprintf(`{"alg":%q,"kid":"key-%s","typ":"at+jwt"%s}`, algorithm, algorithm, strings.Repeat(" ", i))
			token := f.issuer.TokenWithHeader(header, claimsOf(""))
			got := f.enrichOne(t, token)
			if got.Reason != enrich.OK {
				t.Fatalf("reason %q (%v), want ok", got.Reason, got.Err)
			}
			enriched, _ := enrichtest.DecodeToken(t, got.Raw)
			if !strings.HasSuffix(enriched, `,"typ":"at+jwt"`+strings.Repeat(" ", i)+`}`) {
				t.Errorf("%s: header %q of an enriched token, want the white space of %q", algorithm, enriched, header)
			}
			if original, ok := f.Restore(got.Raw); !ok || original != token {
				t.Errorf("%s: restored %v to %s, want %s", algorithm, ok, original, token)
			}
		}
	}
}

func TestHeaders_KeepsAFewOfVerifiedTokens(t *testing.T) {
	f := newFixture(t, "EdDSA", restoring)
	forged := enrichtest.NewIssuer(t, "EdDSA")
	for i := range 100 {
		token := forged.TokenWithHeader(fmt.Sprintf(`{"alg":"EdDSA","kid":"%d"}`, i), claimsOf(""))
		if got := f.enrichOne(t, token); got.Reason == enrich.OK {
			t.Fatal("a forged token is enriched")
		}
	}
	if n := enrich.KnownHeaders(f.Enricher); n != 0 {
		t.Errorf("%d headers of forged tokens are kept, want none", n)
	}
	for i := range 1000 {
		token := f.issuer.TokenWithHeader(fmt.Sprintf(`{"alg":"EdDSA","nonce":"%d"}`, i), claimsOf(""))
		if got := f.enrichOne(t, token); got.Reason != enrich.OK {
			t.Fatalf("reason %q (%v), want ok", got.Reason, got.Err)
		}
	}
	if n := enrich.KnownHeaders(f.Enricher); n == 0 || n > 8 {
		t.Errorf("%d headers are kept, want a few", n)
	}
	f = newFixture(t, "EdDSA", restoring)
	long := f.issuer.TokenWithHeader(`{"alg":"EdDSA","x":"`+strings.Repeat("x", 3000)+`"}`, claimsOf(""))
	if got := f.Enrich(t.Context(), enrich.Grant{Tokens: []enrich.Issued{{Raw: long, Kind: enrich.Access, Budget: 1 << 16}}})[0]; got.Reason != enrich.OK {
		t.Fatalf("reason %q (%v), want ok", got.Reason, got.Err)
	}
	if n := enrich.KnownHeaders(f.Enricher); n != 0 {
		t.Errorf("%d headers are kept, want none of 3 KB", n)
	}
}

// A known header must not make a token verify that has another algorithm's key.
func TestHeaders_KnownHeaderDoesNotVerify(t *testing.T) {
	f := newFixture(t, "HS256", restoring)
	token := f.issuer.Token(claimsOf(""))
	f.enrichOne(t, token)
	header, rest, _ := strings.Cut(token, ".")
	for _, raw := range []string{token + "x", token[:len(token)-1], header + "." + rest[1:], header + "..", header + "." + rest + ".", header} {
		if got := f.enrichOne(t, raw); got.Reason == enrich.OK || got.Raw != raw {
			t.Errorf("%q gets the reason %q and %q, want it unchanged", raw, got.Reason, got.Raw)
		}
		_, err := enrich.ParseToken(raw)
		if got := f.enrichOne(t, raw); err != nil && got.Reason != enrich.Opaque && fmt.Sprint(got.Err) != err.Error() {
			t.Errorf("%q gets the error %v, without known headers %v", raw, got.Err, err)
		}
	}
}

// The memory in which tokens are made and restored is used again. No byte of a user may get to
// another one.
func TestScratch_UsersGetTheirOwnBytes(t *testing.T) {
	f := newFixture(t, "HS256", func(_ *keys.Options, o *enrich.Options) {
		o.Restore = enrich.RestoreOn
		o.Kinds = []enrich.Kind{enrich.Access, enrich.ID}
		o.Source = sourceFunc(func(q enrich.Query) (enrich.Document, error) {
			size := len(q.User.ID) * 37 % 1500
			return enrich.Document{JSON: []byte(`{"of":"` + q.User.ID + `","pad":"` + strings.Repeat("p", size) + `"}`)}, nil
		})
	})
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			var kept [][2]string // what was made before must not change
			for i := range 60 {
				user := fmt.Sprintf("u%d-%d%s", worker, i, strings.Repeat("x", i*worker))
				g := grant(f.issuer.Token(`{"sub":"`+user+`"}`), f.issuer.Token(`{"sub":"`+user+`","id":1}`))
				for i, got := range f.Enrich(context.Background(), g) {
					if got.Reason != enrich.OK {
						t.Errorf("reason %q (%v), want ok", got.Reason, got.Err)
						return
					}
					kept = append(kept, [2]string{g.Tokens[i].Raw, got.Raw}, [2]string{user, got.Raw})
				}
			}
			for pair := range slices.Chunk(kept, 2) {
				original, ok := f.Restore(pair[0][1])
				if _, claims := enrichtest.DecodeToken(t, pair[0][1]); !strings.Contains(claims, `{"of":"`+pair[1][0]+`","pad":"`) {
					t.Errorf("claims %s, want the document of %s", claims, pair[1][0])
				}
				if !ok || original != pair[0][0] {
					t.Errorf("restored %v to %s, want %s", ok, original, pair[0][0])
				}
			}
		})
	}
	all.Wait()
}

// A plainRing is a ring of another package: its keys have only the methods of [enrich.Key].
type plainRing struct{ enrich.Ring }

type plainKey struct{ enrich.Key }

func (r plainRing) Verify(ctx context.Context, t *enrich.Token) (enrich.Verified, error) {
	v, err := r.Ring.Verify(ctx, t)
	v.Signer = plainKey{v.Signer}
	return v, err
}

func (r plainRing) RestoreKeys(algorithm, keyID string) (plain []enrich.Key) {
	for _, key := range r.Ring.RestoreKeys(algorithm, keyID) {
		plain = append(plain, plainKey{key})
	}
	return plain
}

func TestKey_NeedsNoMoreThanItsMethods(t *testing.T) {
	for _, algorithm := range []string{"HS256", "EdDSA", "ES256", "RS256"} {
		f := newFixture(t, algorithm, restoring)
		token := f.issuer.Token(claimsOf(""))
		plain, err := enrich.New(enrich.Options{Ring: plainRing{f.ring}, Source: documents(map[string]string{"u1": `{"lang":"en"}`}), Restore: enrich.RestoreOn})
		if err != nil {
			t.Fatal(err)
		}
		for _, from := range []*enrich.Enricher{plain, f.Enricher} {
			enriched := from.Enrich(t.Context(), grant(token, ""))[0]
			for _, to := range []*enrich.Enricher{plain, f.Enricher} {
				if original, ok := to.Restore(enriched.Raw); !ok || original != token {
					t.Errorf("%s: restored %v to %s from %+v, want %s", algorithm, ok, original, enriched, token)
				}
			}
		}
	}
}

// A changingRing signs each token with the next of its keys.
type changingRing struct {
	enrich.Ring
	signers []enrich.Key
	next    int
}

func (r *changingRing) Verify(ctx context.Context, t *enrich.Token) (enrich.Verified, error) {
	v, err := r.Ring.Verify(ctx, t)
	v.Signer = r.signers[r.next%len(r.signers)]
	r.next++
	return v, err
}

// After a rotation the header that is known for an original names the new key.
func TestHeaders_NameTheKeyThatSigns(t *testing.T) {
	f := newFixture(t, "EdDSA", restoring)
	ring := &changingRing{Ring: f.ring}
	token := f.issuer.Token(claimsOf(""))
	parsed, err := enrich.ParseToken(token)
	if err != nil {
		t.Fatal(err)
	}
	for _, algorithm := range []string{"EdDSA", "EdDSA", "ES256"} { // each fixture has a key of its own
		other := newFixture(t, algorithm, func(o *keys.Options, _ *enrich.Options) {
			o.JWKS, o.PublicKey, o.Algorithm = f.jwksFile(t), "", algorithm
		})
		v, err := other.ring.Verify(t.Context(), parsed)
		if err != nil || v.Signer == nil {
			t.Fatalf("signer %v (%v)", v.Signer, err)
		}
		ring.signers = append(ring.signers, v.Signer)
	}
	e, err := enrich.New(enrich.Options{Ring: ring, Source: documents(map[string]string{"u1": `{"lang":"en"}`})})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 9 {
		got := e.Enrich(t.Context(), grant(token, ""))[0]
		key := ring.signers[i%len(ring.signers)]
		header, _ := enrichtest.DecodeToken(t, got.Raw)
		enriched, err := enrich.ParseToken(got.Raw)
		if err != nil || enriched.KeyID != key.ID() || enriched.Algorithm != key.Algorithm() || key.Verify(enriched.SigningInput, enriched.Signature) != nil {
			t.Errorf("header %s (%v), want %s with kid %s, and its signature", header, err, key.Algorithm(), key.ID())
		}
	}
}

// jwksFile returns a file with the keys of the backend.
func (f fixture) jwksFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(path, f.issuer.JWKS(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
