package keys_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

// signedBy returns a parsed token with these claims that a key of the ring signed.
func signedBy(t *testing.T, key enrich.Key, claims string) *enrich.Token {
	t.Helper()
	signed := enrichtest.EncodeSegment(`{"alg":"`+key.Algorithm()+`","kid":"`+key.ID()+`"}`) + "." + enrichtest.EncodeSegment(claims)
	signature, err := key.Sign(signed)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := enrich.ParseToken(signed + "." + enrichtest.EncodeSegment(string(signature)))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestVerifyOwn_ChecksWhatVerifyChecks(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	ring := open(t, keys.Options{JWKS: file(t, setOf(issuer)), Issuers: []string{"https://issuer"}, Audience: []string{"app"}}, withDir(t))
	other := openFile(t, setOf(issuer), withDir(t))
	at := func(after time.Duration) int64 { return time.Now().Add(after).Unix() }
	good := fmt.Sprintf(`{"iss":"https://issuer","aud":"app","exp":%d}`, at(time.Hour))
	ours := signer(t, ring, issuer.Token(good))
	theirs := signer(t, other, token(issuer))
	forged := signedBy(t, ours, good)
	forged.Signature[3] ^= 1
	for _, tt := range []struct {
		name  string
		token *enrich.Token
		want  error
	}{
		{"good", signedBy(t, ours, good), nil},
		{"expired", signedBy(t, ours, fmt.Sprintf(`{"iss":"https://issuer","aud":"app","exp":%d}`, at(-time.Hour))), enrich.ErrExpired},
		{"not yet valid", signedBy(t, ours, fmt.Sprintf(`{"iss":"https://issuer","aud":"app","nbf":%d}`, at(time.Hour))), enrich.ErrTime},
		{"another issuer", signedBy(t, ours, `{"iss":"https://other","aud":"app"}`), enrich.ErrNotOurs},
		{"another audience", signedBy(t, ours, `{"iss":"https://issuer","aud":"other"}`), enrich.ErrNotOurs},
		{"a changed signature", forged, enrich.ErrBadToken},
		{"the key of another sidecar", signedBy(t, theirs, good), enrich.ErrNotOurs},
	} {
		err := ring.VerifyOwn(tt.token)
		if !errors.Is(err, tt.want) {
			t.Errorf("VerifyOwn of a token that is %s = %v, want %v", tt.name, err, tt.want)
		}
		if _, err := ring.Verify(t.Context(), tt.token); tt.name == "good" && !errors.Is(err, enrich.ErrOwnKey) {
			t.Errorf("Verify of a token that our own key signed = %v, want %v", err, enrich.ErrOwnKey)
		}
	}
	if errors.Is(ring.VerifyOwn(signedBy(t, ours, `{"iss":"https://issuer","aud":"app","nbf":99999999999}`)), enrich.ErrExpired) {
		t.Error("VerifyOwn of a token that is not valid yet says that it has expired")
	}
}

// A key that verifiers do not get any more proves nothing.
func TestVerifyOwn_RefusesAKeyThatIsNotPublishedAnyMore(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	synctest.Test(t, func(t *testing.T) {
		_, path := openDir(t)
		ring := open(t, keys.Options{Dir: path, RetireAfter: 20 * time.Minute, RotateAfter: 15 * time.Minute, JWKS: file(t, setOf(issuer))}, nil)
		run(t, ring)
		old := signer(t, ring, token(issuer))
		signed := signedBy(t, old, `{}`)
		if err := ring.VerifyOwn(signed); err != nil {
			t.Fatalf("VerifyOwn with the active key: %v", err)
		}
		pass(15*time.Minute + 2*keydir.Publication) // rotated; the old key is still published
		if err := ring.VerifyOwn(signed); err != nil {
			t.Errorf("VerifyOwn with a key that has just retired: %v", err)
		}
		pass(30 * time.Minute)
		if err := ring.VerifyOwn(signed); !errors.Is(err, enrich.ErrNotOurs) {
			t.Errorf("VerifyOwn with a key that is not published any more = %v, want %v", err, enrich.ErrNotOurs)
		}
		if len(ring.RestoreKeys(old.Algorithm(), old.ID())) == 0 {
			t.Error("the key does not restore any more, so this test shows nothing")
		}
	})
}
