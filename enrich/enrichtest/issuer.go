package enrichtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
)

// Secret is the HMAC secret of every issuer for HS256, HS384 or HS512. HS512 requires
// 64 bytes.
const Secret = "a test secret of no less than sixty-four bytes, for HS512 needs them"

// An Issuer signs tokens as a backend or an attacker does. Claims and headers are text,
// so a test controls every byte. As an [http.Handler] it serves its JWK Set.
type Issuer struct {
	Algorithm string
	KeyID     string
	Private   any // *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey or []byte
	// Fetches counts the requests for the JWKS.
	Fetches atomic.Int64
	// Down makes requests for the JWKS fail with status 503.
	Down atomic.Bool
}

// NewIssuer returns an Issuer with a key for the algorithm, such as ES256.
func NewIssuer(t testing.TB, algorithm string) *Issuer {
	t.Helper()
	return &Issuer{Algorithm: algorithm, KeyID: "key-" + algorithm, Private: privateKey(t, algorithm)}
}

// privateKey returns a new key. All RSA issuers of a process share one, because it
// takes long to make.
func privateKey(t testing.TB, algorithm string) any {
	t.Helper()
	var key any
	var err error
	switch algorithm[:2] {
	case "HS":
		return []byte(Secret)
	case "RS", "PS":
		key, err = sharedRSA()
	case "ES":
		curve := map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}
		key, err = ecdsa.GenerateKey(curve[algorithm], rand.Reader)
	case "Ed":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		t.Fatalf("NewIssuer: unknown algorithm %q", algorithm)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var sharedRSA = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// Token signs claims, a JSON text, with the issuer's usual header.
func (i *Issuer) Token(claims string) string {
	return i.TokenWithHeader(fmt.Sprintf(`{"alg":%q,"typ":"JWT","kid":%q}`, i.Algorithm, i.KeyID), claims)
}

// TokenWithHeader signs claims and a header, both JSON texts. It uses the issuer's key
// and algorithm, even if the header names others.
func (i *Issuer) TokenWithHeader(header, claims string) string {
	signed := EncodeSegment(header) + "." + EncodeSegment(claims)
	algorithm := i.Algorithm
	if algorithm == "Ed25519" { // the name of RFC 9864, which the library does not know
		algorithm = "EdDSA"
	}
	signature, err := jwt.GetSigningMethod(algorithm).Sign(signed, i.Private)
	if err != nil {
		panic(err)
	}
	return signed + "." + EncodeSegment(string(signature))
}

// Public returns the public key, or the secret of an HMAC issuer.
func (i *Issuer) Public() any {
	if signer, ok := i.Private.(crypto.Signer); ok {
		return signer.Public()
	}
	return i.Private
}

// PublicPEM returns the public key in PEM format.
func (i *Issuer) PublicPEM() []byte {
	der, err := x509.MarshalPKIXPublicKey(i.Public())
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// PrivatePEM returns the private key in PEM format.
func (i *Issuer) PrivatePEM() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(i.Private)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// JWKS returns the issuer's JWK Set.
func (i *Issuer) JWKS() []byte {
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.Public(), KeyID: i.KeyID, Algorithm: i.Algorithm, Use: "sig"}}})
	if err != nil {
		panic(err)
	}
	return set
}

// ServeHTTP answers every request with the JWK Set, unless Down is set.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	i.Fetches.Add(1)
	if i.Down.Load() {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(i.JWKS())
}

// EncodeSegment returns a segment of a token: the text in base64url without
// padding.
func EncodeSegment(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// DecodeToken returns the header and the claims of a token. It does not verify the
// signature.
func DecodeToken(t testing.TB, token string) (header, claims string) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("token %q has %d segments, want 3", token, len(parts))
	}
	decode := func(part string) string {
		text, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	return decode(parts[0]), decode(parts[1])
}

// VerifyToken verifies a token with a JWK Set, as a resource server does, and
// returns its claims.
func VerifyToken(t testing.TB, set []byte, token string) (claims string, err error) {
	t.Helper()
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(set, &keys); err != nil {
		t.Fatalf("JWK Set %s: %v", set, err)
	}
	_, err = jwt.Parse(token, func(parsed *jwt.Token) (any, error) {
		kid, _ := parsed.Header["kid"].(string)
		found := keys.Key(kid)
		if len(found) != 1 {
			return nil, fmt.Errorf("the JWK Set has %d keys with the token's kid %q, want 1", len(found), kid)
		}
		if alg := found[0].Algorithm; alg != "" && alg != parsed.Method.Alg() {
			return nil, fmt.Errorf("the key is for %s, but the token is signed with %s", alg, parsed.Method.Alg())
		}
		return found[0].Key, nil
	})
	if err == nil {
		_, claims = DecodeToken(t, token)
	}
	return claims, err
}

// CutRecord removes the claim tgr, from which the original is restored, from the claims of
// an enriched token. It returns the claims without it and its value, which is empty if the
// claims do not have it as their last member.
func CutRecord(claims string) (rest, record string) {
	start := strings.LastIndex(claims, `"tgr":"`)
	if start < 0 {
		return claims, ""
	}
	record, after, ok := strings.Cut(claims[start+len(`"tgr":"`):], `"`)
	if !ok || strings.TrimSpace(after) != "}" {
		return claims, ""
	}
	return strings.TrimSuffix(claims[:start], ",") + after, record
}
