package attack_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A tokenRow is a token from an attacker, or one that the backend signed but that must
// not be enriched. It must pass unchanged.
type tokenRow struct {
	kind
	sends, token string
	// reasons are the reasons under which the sidecar may count the token, separated
	// by bars. While the JWKS may not be fetched again, a signature that no key
	// verifies is unavailable.
	reasons string
}

const (
	badToken   = "bad_token"
	unverified = "bad_token|not_ours|unavailable"
)

// attackWithTokens checks that no hostile token is enriched, and that each passes byte
// for byte.
func (s *suite) attackWithTokens(t *testing.T) {
	i := newIssuers(t)
	backend := startBackend(t, i.rsa, i.ec, i.ed)
	tg := s.start(t, strings.Replace(usual(backend.URL), "verify: {", "verify: {secret: \""+enrichtest.Secret+"\", ", 1), "["+annas+"]")
	for _, issuer := range []*enrichtest.Issuer{i.rsa, i.ec, i.ed, i.hs} {
		if reason := tg.reasonOf(t, func() { tg.issue(t, issuer.Token(claimsOf(quoted(anna), ""))) }); reason != "ok" {
			t.Fatalf("a valid token of %s: got reason %s, want ok: otherwise the rows would prove nothing", issuer.Algorithm, reason)
		}
	}
	trap := startTrap(t, e2e.JWKS(i.mallory))
	typed := s.start(t, strings.Replace(usual(backend.URL), "verify: {", "verify: {types: [at+jwt], ", 1), "["+annas+"]")
	for _, row := range i.typeRows() {
		typed.checkPasses(t, row)
	}
	for _, rows := range [][]tokenRow{
		i.confusedRows(t), i.signatureRows(), i.keyRows(trap), // tokens of attackers
		i.signedRows(), i.encodingRows(), i.foreignRows(), // tokens that the backend has signed
	} {
		for _, row := range rows {
			tg.checkPasses(t, row)
		}
	}
}

// checkPasses checks that a hostile token reaches the client unchanged.
func (tg *target) checkPasses(t *testing.T, row tokenRow) {
	t.Helper()
	tg.suite.run(t, row.kind, row.sends, func(t *testing.T) (happens string) {
		var got string
		reason := tg.reasonOf(t, func() { got = tg.issue(t, row.token) })
		if got != row.token || !oneOf(row.reasons, reason) {
			t.Errorf("token %.300s: got %.300s with reason %s, want it unchanged with reason %s", row.token, got, reason, row.reasons)
		}
		return either(got == row.token, "passes unchanged: "+reason, "IS CHANGED")
	})
}

var (
	confusion   = kind{"algorithm confusion", "B1"}
	embeddedKey = kind{"embedded key", "B1"}
	kidTricks   = kind{"malicious kid", "B1"}
	forgery     = kind{"forged signature", "B1"}
)

// confusedRows are tokens whose algorithm does not fit the key.
func (i issuers) confusedRows(t *testing.T) []tokenRow {
	claims := claimsOf(quoted(anna), "")
	signed := func(by *enrichtest.Issuer, alg, kid string) string {
		return by.TokenWithHeader(fmt.Sprintf(`{"alg":%q,"kid":%q}`, alg, kid), claims)
	}
	ps := &enrichtest.Issuer{Algorithm: "PS256", Private: i.rsa.Private}
	rows := []tokenRow{
		{confusion, "an ES256 signature with alg RS256", signed(i.ec, "RS256", "key-RS256"), unverified},
		{confusion, "an RS256 signature with alg ES256", signed(i.rsa, "ES256", "key-ES256"), unverified},
		{confusion, "an RS256 signature with alg PS256", signed(i.rsa, "PS256", "key-RS256"), unverified},
		{confusion, "a PS256 signature with a key for RS256", signed(ps, "PS256", "key-RS256"), unverified},
		{confusion, "EdDSA with the kid of a P-256 key", signed(i.ed, "EdDSA", "key-ES256"), unverified},
		{confusion, "an ES256 signature with alg EdDSA", signed(i.ec, "EdDSA", "key-EdDSA"), unverified},
		{confusion, "ES384 with a P-256 key", signed(i.ec, "ES384", "key-ES256"), unverified},
		{confusion, "ES256K with a P-256 key", signed(i.ec, "ES256K", "key-ES256"), badToken},
	}
	for _, secret := range publicForms(t, i.rsa) {
		sends := "HS256 with " + secret.form + " as the secret"
		rows = append(rows,
			tokenRow{confusion, sends + ", with its kid", forge(`{"alg":"HS256","kid":"key-RS256"}`, claims, hmacWith(secret.key)), badToken},
			tokenRow{confusion, sends, forge(`{"alg":"HS256"}`, claims, hmacWith(secret.key)), badToken})
	}
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "none ", "rs256", "RS1", ""} {
		header := fmt.Sprintf(`{"alg":%q}`, alg)
		rows = append(rows,
			tokenRow{confusion, fmt.Sprintf("alg %q without a signature", alg), forge(header, claims, bytesOf("")), badToken},
			tokenRow{confusion, fmt.Sprintf("alg %q with a valid RS256 signature", alg), i.rsa.TokenWithHeader(header, claims), badToken})
	}
	for _, header := range []string{`{"typ":"JWT"}`, `{"alg":null}`, `{"alg":["RS256"]}`, `{"alg":256}`, `{"alg":{"a":1}}`, `{"ALG":"RS256"}`} {
		rows = append(rows, tokenRow{confusion, "the header " + header, i.rsa.TokenWithHeader(header, claims), badToken})
	}
	return rows
}

// A publicForm is an encoding of a public key that an attacker could use as an HMAC
// secret.
type publicForm struct {
	form string
	key  []byte
}

func publicForms(t *testing.T, issuer *enrichtest.Issuer) []publicForm {
	public := issuer.Public().(*rsa.PublicKey)
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return []publicForm{
		{"the RSA public key's PEM", block},
		{"the RSA public key's PEM without the last line break", bytes.TrimSpace(block)},
		{"the RSA public key's DER", der},
		{"the RSA public key's PKCS #1 DER", x509.MarshalPKCS1PublicKey(public)},
		{"the RSA public key's modulus", public.N.Bytes()},
		{"the RSA public key's JWK", []byte(jwkOf(issuer))},
		{"the backend's JWK Set", issuer.JWKS()},
		{"nothing", nil},
	}
}

// keyRows are tokens that contain a key or name one. trap is the URL of the attacker's
// key.
func (i issuers) keyRows(trap string) (rows []tokenRow) {
	claims := claimsOf(quoted(anna), "")
	jwk := jwkOf(i.mallory)
	for _, key := range []struct{ sends, members string }{
		{"jwk", `"jwk":` + jwk},
		{"jku", `"jku":"` + trap + `/jwks"`},
		{"x5u", `"x5u":"` + trap + `/cert"`},
		{"x5c", `"x5c":["MIIB"]`},
		{"x5t", `"x5t":"x"`},
		{"jku and kid", `"jku":"` + trap + `/jwks","kid":"mallory"`},
		{"jwk and the backend's kid", `"jwk":` + jwk + `,"kid":"key-ES256"`},
	} {
		rows = append(rows, tokenRow{embeddedKey, key.sends + " with the attacker's key", i.mallory.TokenWithHeader(`{"alg":"ES256",`+key.members+`}`, claims), unverified})
	}
	for _, kid := range []string{"../../../../etc/passwd", "/dev/null", "key-RS256\\u0000", strings.Repeat("k", 10<<10), "' UNION SELECT 'x' --", "$ne", "http://169.254.169.254/"} {
		sends := fmt.Sprintf("kid %.24s and ", kid)
		rows = append(rows,
			tokenRow{kidTricks, sends + "an empty secret", forge(`{"alg":"HS256","kid":"`+kid+`"}`, claims, hmacWith(nil)), badToken},
			tokenRow{kidTricks, sends + "the attacker's key", i.mallory.TokenWithHeader(`{"alg":"ES256","kid":"`+kid+`"}`, claims), unverified})
	}
	return append(rows, tokenRow{kidTricks, "kid that is an array", i.ec.TokenWithHeader(`{"alg":"ES256","kid":["key-ES256"]}`, claims), badToken})
}

// signatureRows are tokens with signatures that broken verifiers accept.
func (i issuers) signatureRows() []tokenRow {
	good := i.ec.Token(claimsOf(quoted(anna), ""))
	cut := strings.LastIndexByte(good, '.') + 1
	signature := decode(good[cut:])
	order := string(i.ec.Public().(*ecdsa.PublicKey).Params().N.FillBytes(make([]byte, 32)))
	with := func(signature string) string { return good[:cut] + enrichtest.EncodeSegment(signature) }
	return []tokenRow{
		{forgery, "the ES256 signature r = s = 0", with(strings.Repeat("\x00", 64)), unverified},
		{forgery, "the ES256 signature r = s = n", with(order + order), unverified},
		{forgery, "the ES256 signature r = 1, s = 0", with(strings.Repeat("\x00", 31) + "\x01" + strings.Repeat("\x00", 32)), unverified},
		{forgery, "an ES256 signature in DER, with r = s = 0", with("\x30\x06\x02\x01\x00\x02\x01\x00"), unverified},
		{forgery, "ES256 with an empty signature", with(""), unverified},
		{forgery, "an ES256 signature of one byte", with("\x00"), unverified},
		{forgery, "half of a valid ES256 signature", with(signature[:32]), unverified},
		{forgery, "a valid ES256 signature twice", with(signature + signature), unverified},
	}
}
