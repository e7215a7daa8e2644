package keys_test

import (
	"crypto/x509"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

func TestSecret_CombinesWithAJWKS(t *testing.T) {
	hs, es := enrichtest.NewIssuer(t, "HS384"), enrichtest.NewIssuer(t, "ES256")
	ring := openFile(t, setOf(es), func(o *keys.Options) {
		withDir(t)(o)
		o.Secret = []byte(enrichtest.Secret)
	})
	for _, issuer := range []*enrichtest.Issuer{hs, es} {
		verified, err := verify(t, ring, token(issuer))
		if err != nil || verified.Signer == nil || verified.Signer.Algorithm() != issuer.Algorithm {
			t.Fatalf("%s: Verify = %v, %v; want a signer of its algorithm", issuer.Algorithm, verified, err)
		}
		if own := verified.Signer.ID() != ""; own != (issuer == es) {
			t.Errorf("%s: signed with our own key: %v, want %v", issuer.Algorithm, own, !own)
		}
	}
	expect(t, ring, forged(hs), badToken)
	if set, _, err := ring.JWKS(); err != nil || strings.Contains(string(set), `"oct"`) || len(keysIn(t, set)) != 2 {
		t.Errorf("JWKS = %s (%v), want the backend's EC key and ours", set, err)
	}
}

// Even if the options allow HS256, the public key is never used as a secret.
func TestVerify_PublicKeyIsNeverASecret(t *testing.T) {
	rs, hs := enrichtest.NewIssuer(t, "RS256"), enrichtest.NewIssuer(t, "HS256")
	der, err := x509.MarshalPKIXPublicKey(rs.Public())
	if err != nil {
		t.Fatal(err)
	}
	rings := map[string]*keys.Ring{
		"PublicKey": open(t, keys.Options{PublicKey: file(t, rs.PublicPEM()), Algorithms: []string{"RS256", "HS256"}}, nil),
		"JWKS":      openFile(t, setOf(rs), func(o *keys.Options) { o.Algorithms = []string{"RS256", "HS256"} }),
	}
	for name, ring := range rings {
		expect(t, ring, token(rs), good)
		for form, secret := range map[string][]byte{"PEM": rs.PublicPEM(), "DER": der, "JWK": []byte(jwkOf(rs)), "nothing": {}} {
			hs.Private = secret
			for _, header := range []string{`{"alg":"HS256"}`, `{"alg":"HS256","kid":"key-RS256"}`} {
				if _, err := verify(t, ring, hs.TokenWithHeader(header, `{"sub":"u1"}`)); verdict(err) != badToken {
					t.Errorf("%s: Verify of a token signed with the %s of the public key, header %s = %v, want %s", name, form, header, err, badToken)
				}
			}
		}
	}
}
