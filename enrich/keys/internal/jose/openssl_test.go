package jose

import (
	"crypto/rsa"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// In a build with the tag openssl, these signatures are OpenSSL's.
func TestRSAKeys_SignWhatTheStandardMethodsVerify(t *testing.T) {
	private, err := Generate(AnyRSA)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := NewKeys(private, "id")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := RSASigner()
	if err != nil {
		t.Log(err)
	}
	for _, algorithm := range rsaAlgorithms {
		if _, used := keys[algorithm].method.(openSSLMethod); used != (signer != StandardRSASigner) {
			t.Errorf("%s: OpenSSL is used: %v, but RSASigner returns %s", algorithm, used, signer)
		}
		signature, err := keys[algorithm].Sign("header.claims")
		if err != nil {
			t.Fatalf("%s: %v", algorithm, err)
		}
		if err := strict(algorithm).Verify("header.claims", signature, private.Public()); err != nil {
			t.Errorf("%s: %v", algorithm, err)
		}
		if err := keys[algorithm].Verify("header.claims", signature); err != nil {
			t.Errorf("%s: the key does not verify its own signature: %v", algorithm, err)
		}
		if err := strict(algorithm).Verify("header.Claims", signature, private.Public()); err == nil {
			t.Errorf("%s: the signature verifies another text", algorithm)
		}
	}
}

// strict returns a method that accepts a PSS signature only if its salt is as long as its
// hash (RFC 7518, section 3.5).
func strict(algorithm string) jwt.SigningMethod {
	pss, ok := methods[algorithm].(*jwt.SigningMethodRSAPSS)
	if !ok {
		return methods[algorithm]
	}
	method := *pss
	method.VerifyOptions = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
	return &method
}
