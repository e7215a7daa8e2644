package attack_test

import (
	"bytes"
	"compress/flate"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A hostile token is one that the backend was brought to issue, or that an
// attacker made.
type hostile struct {
	attack, sends, token string
	// reasons are those that it may be counted under, with a bar between them: a
	// signature that no key verifies is undecided while the JWKS may not be asked
	// for again.
	reasons string
	law     string
}

const (
	badToken   = "bad_token"
	unverified = "bad_token|not_ours|unavailable"
)

// attackWithTokens shows that no hostile token is enriched, and that each passes
// byte for byte.
func attackWithTokens(t *testing.T, s *suite) {
	issuers := newIssuers(t)
	backend := startBackend(t, issuers.rsa, issuers.ec, issuers.ed)
	configuration := strings.Replace(usual(backend.URL), "verify: {", "verify: {secret: \""+enrichtest.Secret+"\", ", 1)
	v := s.start(t, configuration, "["+annas+"]")

	var fetched atomic.Int64
	trap := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetched.Add(1)
		w.Write(issuers.mallory.JWKS())
	}))
	defer trap.Close()

	for _, issuer := range []*enrichtest.Issuer{issuers.rsa, issuers.ec, issuers.ed, issuers.hs} {
		token := issuer.Token(claimsOf(quoted(anna), ""))
		if reason := v.reasonOf(t, func() { token = v.issue(t, token) }); reason != "ok" {
			t.Fatalf("the backend's good token of %s: %s, want it enriched: else nothing is shown here", issuer.Algorithm, reason)
		}
	}
	tokens := issuers.confused(t)
	tokens = append(tokens, issuers.selfMade(trap.URL)...)
	tokens = append(tokens, issuers.misshapen()...)
	tokens = append(tokens, issuers.misspelt()...)
	tokens = append(tokens, issuers.foreign()...)
	for _, h := range tokens {
		v.checkPasses(t, s, h)
	}
	if n := fetched.Load(); n != 0 {
		t.Errorf("jku, x5u or the like was asked %d times", n)
	}
}

// checkPasses shows that a hostile token reaches the client as it is.
func (v *target) checkPasses(t *testing.T, s *suite, h hostile) {
	t.Helper()
	var got string
	reason := v.reasonOf(t, func() { got = v.issue(t, h.token) })
	happens := "passes as it came: " + reason
	if got != h.token {
		happens = "is changed"
	}
	s.report(row{h.attack, h.sends, happens, h.law})
	if got != h.token || !strings.Contains("|"+h.reasons+"|", "|"+reason+"|") {
		t.Errorf("%s: a token with %s %s (counted %s), want it to pass as %s", h.attack, h.sends, happens, reason, h.reasons)
	}
}

// issuers are the backend's keys, and mallory's.
type issuers struct{ rsa, ec, ed, hs, mallory *enrichtest.Issuer }

func newIssuers(t *testing.T) issuers {
	i := issuers{
		rsa: enrichtest.NewIssuer(t, "RS256"), ec: enrichtest.NewIssuer(t, "ES256"), ed: enrichtest.NewIssuer(t, "EdDSA"),
		hs: enrichtest.NewIssuer(t, "HS256"), mallory: enrichtest.NewIssuer(t, "ES256"),
	}
	i.mallory.KeyID = "mallory"
	return i
}

// forge makes a token with any signature.
func forge(header, claims string, sign func(signed string) []byte) string {
	signed := enrichtest.Encode(header) + "." + enrichtest.Encode(claims)
	return signed + "." + enrichtest.Encode(string(sign(signed)))
}

func hmacWith(key []byte) func(string) []byte {
	return func(signed string) []byte {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(signed))
		return mac.Sum(nil)
	}
}

func bytesOf(signature string) func(string) []byte {
	return func(string) []byte { return []byte(signature) }
}

// confused are tokens whose algorithm is not what the key is for.
func (i issuers) confused(t *testing.T) (all []hostile) {
	claims := claimsOf(quoted(anna), "")
	add := func(sends, token, reasons string) {
		all = append(all, hostile{"algorithm confusion", sends, token, reasons, "B1"})
	}
	public := i.rsa.Public().(*rsa.PublicKey)
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	for _, confused := range []struct {
		form string
		key  []byte
	}{
		{"its PEM", block}, {"its PEM without the last line end", bytes.TrimSpace(block)}, {"its DER", der},
		{"its PKCS #1 DER", x509.MarshalPKCS1PublicKey(public)}, {"its modulus", public.N.Bytes()},
		{"its JWK", []byte(strings.TrimSuffix(strings.TrimPrefix(e2e.JWKS(i.rsa), `{"keys":[`), `]}`))}, {"its JWK Set", i.rsa.JWKS()},
		{"nothing", nil},
	} {
		for _, kid := range []string{`,"kid":"key-RS256"`, ""} {
			add("HS256 with the RSA key as secret: "+confused.form+strings.Replace(kid, `,"kid":"key-RS256"`, ", its kid", 1),
				forge(`{"alg":"HS256"`+kid+`}`, claims, hmacWith(confused.key)), badToken)
		}
	}
	signed := func(by *enrichtest.Issuer, alg, kid string) string {
		return by.TokenWithHeader(fmt.Sprintf(`{"alg":%q,"kid":%q}`, alg, kid), claims)
	}
	ps := &enrichtest.Issuer{Algorithm: "PS256", Private: i.rsa.Private}
	add("ES256 signature that says RS256", signed(i.ec, "RS256", "key-RS256"), unverified)
	add("RS256 signature that says ES256", signed(i.rsa, "ES256", "key-ES256"), unverified)
	add("RS256 signature that says PS256", signed(i.rsa, "PS256", "key-RS256"), unverified)
	add("PS256 signature, the key being for RS256", signed(ps, "PS256", "key-RS256"), unverified)
	add("EdDSA with the kid of a P-256 key", signed(i.ed, "EdDSA", "key-ES256"), unverified)
	add("ES256 signature that says EdDSA", signed(i.ec, "EdDSA", "key-EdDSA"), unverified)
	add("ES384 with a P-256 key", signed(i.ec, "ES384", "key-ES256"), unverified)
	add("ES256K with a P-256 key", signed(i.ec, "ES256K", "key-ES256"), badToken)
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "none ", "rs256", "RS1", ""} {
		header := fmt.Sprintf(`{"alg":%q}`, alg)
		add(fmt.Sprintf("alg %q without a signature", alg), forge(header, claims, bytesOf("")), badToken)
		add(fmt.Sprintf("alg %q with a true RS256 signature", alg), i.rsa.TokenWithHeader(header, claims), badToken)
	}
	for _, header := range []string{`{"typ":"JWT"}`, `{"alg":null}`, `{"alg":["RS256"]}`, `{"alg":256}`, `{"alg":{"a":1}}`, `{"ALG":"RS256"}`} {
		add("the header "+header, i.rsa.TokenWithHeader(header, claims), badToken)
	}
	return all
}

// selfMade are tokens that bring their key, or name one, and ones with the
// signatures that broken verifiers take.
func (i issuers) selfMade(trap string) (all []hostile) {
	claims := claimsOf(quoted(anna), "")
	jwk := strings.TrimSuffix(strings.TrimPrefix(e2e.JWKS(i.mallory), `{"keys":[`), `]}`)
	for _, member := range []string{
		`"jwk":` + jwk, `"jku":"` + trap + `/jwks"`, `"x5u":"` + trap + `/cert"`, `"x5c":["MIIB"]`, `"x5t":"x"`,
		`"jku":"` + trap + `/jwks","kid":"mallory"`, `"jwk":` + jwk + `,"kid":"key-ES256"`,
	} {
		name, _, _ := strings.Cut(strings.Trim(member, `"`), `"`)
		all = append(all, hostile{"embedded key", name + " with the attacker's key", i.mallory.TokenWithHeader(`{"alg":"ES256",`+member+`}`, claims), unverified, "B1"})
	}
	for _, kid := range []string{"../../../../etc/passwd", "/dev/null", "key-RS256\\u0000", strings.Repeat("k", 10<<10), "' UNION SELECT 'x' --", "$ne", "http://169.254.169.254/"} {
		sends := fmt.Sprintf("kid %.24s and an empty secret", kid)
		all = append(all, hostile{"kid traversal", sends, forge(`{"alg":"HS256","kid":"`+kid+`"}`, claims, hmacWith(nil)), badToken, "B1"},
			hostile{"kid traversal", fmt.Sprintf("kid %.24s and the attacker's key", kid), i.mallory.TokenWithHeader(`{"alg":"ES256","kid":"`+kid+`"}`, claims), unverified, "B1"})
	}
	all = append(all, hostile{"kid traversal", "kid that is an array", i.ec.TokenWithHeader(`{"alg":"ES256","kid":["key-ES256"]}`, claims), badToken, "B1"})

	order := i.ec.Public().(*ecdsa.PublicKey).Params().N.FillBytes(make([]byte, 32))
	good := i.ec.Token(claims)
	cut := strings.LastIndexByte(good, '.') + 1
	for _, forged := range []struct{ sends, signature string }{
		{"r = s = 0", strings.Repeat("\x00", 64)}, {"r = s = n", string(order) + string(order)},
		{"r = 1, s = 0", strings.Repeat("\x00", 31) + "\x01" + strings.Repeat("\x00", 32)},
		{"the DER of 0, 0", "\x30\x06\x02\x01\x00\x02\x01\x00"}, {"none", ""}, {"a byte", "\x00"},
		{"half of the true one", decodeTest(good[cut:])[:32]}, {"the true one twice", strings.Repeat(decodeTest(good[cut:]), 2)},
	} {
		all = append(all, hostile{"forged signature", "as ES256 signature " + forged.sends, good[:cut] + enrichtest.Encode(forged.signature), unverified, "B1"})
	}
	return all
}

func decodeTest(part string) string {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// misshapen are tokens that the backend's own key has signed, but which no
// parser may take for what they are not.
func (i issuers) misshapen() (all []hostile) {
	ok := `{"alg":"RS256","kid":"key-RS256"}`
	with := func(attack, sends, header, claims, reasons, law string) {
		all = append(all, hostile{attack, sends, i.rsa.TokenWithHeader(header, claims), reasons, law})
	}
	claim := func(more string) string { return claimsOf(quoted(anna), more) }
	header := func(more string) string { return strings.TrimSuffix(ok, "}") + more + "}" }
	for _, crit := range []string{`,"crit":["exp"],"exp":1`, `,"crit":["b64"],"b64":false`, `,"crit":[]`, `,"crit":null`} {
		with("crit", "signed header with "+crit[1:], header(crit), claim(""), badToken, "B1")
	}
	with("compressed payload", "zip: DEF", header(`,"zip":"DEF"`), deflated(claim("")), badToken, "B4")
	for _, twice := range []string{`,"alg":"none"`, `,"\u0061lg":"none"`, `,"kid":"other"`, `,"x":{"a":{"b":1,"\u0062":2}}`} {
		with("duplicate members", "signed header with a second "+twice[1:], header(twice), claim(""), badToken, "A3")
	}
	for _, twice := range []string{`,"sub":"hush-mallory"`, `,"\u0073ub":"hush-mallory"`, `,"custom_data":1,"custom\u005fdata":2`, `,"x":[{"y":{"z":1,"z":2}}]`, `,"x":{"\ud83d\ude00":1,"😀":2}`} {
		with("duplicate members", "signed claims with a second "+strings.ReplaceAll(twice[1:], secret+"-", ""), ok, claim(twice), badToken, "A3")
	}
	with("deep JSON", "20,000 arrays in each other", ok, claim(`,"x":`+strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)), badToken, "B4")
	with("deep JSON", "100,000 arrays in each other", ok, claim(`,"x":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)), "too_large", "B4")
	with("huge JSON", "a claim of 600 KB", ok, claim(`,"x":"`+strings.Repeat("x", 600<<10)+`"`), "too_large", "B4")
	for _, literal := range []string{"1e400", "-1", "1e-400", strings.Repeat("9", 10_000), "0x7fffffff", "NaN", "01", `"9999999999"`, "null", "[9999999999]", "true"} {
		claims := fmt.Sprintf(`{"iss":"https://idp.example.com","aud":"app","sub":%q,"exp":%s}`, anna, literal)
		with("numbers", "exp "+short(literal), ok, claims, badToken, "B1")
	}
	past, future := time.Now().Add(-time.Hour).Unix(), time.Now().Add(time.Hour).Unix()
	with("time", "an expired token", ok, fmt.Sprintf(`{"iss":"https://idp.example.com","aud":"app","sub":%q,"exp":%d}`, anna, past), badToken, "B1")
	with("time", "a token of the future", ok, claim(fmt.Sprintf(`,"nbf":%d`, future)), badToken, "B1")
	for _, invalid := range []struct{ sends, text string }{
		{"invalid UTF-8", "\xff\xfe"}, {"overlong UTF-8", "\xc0\xaf"}, {"a lone surrogate", `\ud800`}, {"a raw NUL", "\x00"},
	} {
		with("invalid text", invalid.sends+" in a claim", ok, claim(`,"x":"`+invalid.text+`"`), badToken, "B4")
		with("invalid text", invalid.sends+" in the header", header(`,"x":"`+invalid.text+`"`), claim(""), badToken, "B4")
	}
	for _, none := range []struct{ sends, claims string }{
		{"a byte order mark", "\ufeff" + claim("")}, {"something behind the claims", claim("") + `{}`}, {"a comment", claim("/**/")},
		{"an array", "[" + claim("") + "]"}, {"a token in the token", i.rsa.Token(claim(""))}, {"nothing", ""}, {"half of the claims", claim("")[:40]},
	} {
		with("claims that are none", none.sends, ok, none.claims, badToken, "B4")
	}
	return all
}

func short(text string) string {
	if len(text) > 30 {
		return fmt.Sprintf("%s… (%d bytes)", text[:8], len(text))
	}
	return text
}

func deflated(text string) string {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.BestCompression)
	w.Write([]byte(text))
	w.Close()
	return out.String()
}

// misspelt are the backend's good token in spellings that only one of two
// parsers would take, and other serializations.
func (i issuers) misspelt() (all []hostile) {
	good := i.rsa.Token(claimsOf(quoted(anna), `,"odd":"?>~"`))
	parts := strings.Split(good, ".")
	add := func(attack, sends, token, reasons, law string) {
		all = append(all, hostile{attack, sends, token, reasons, law})
	}
	join := func(header, payload, signature string) string { return header + "." + payload + "." + signature }
	for n, name := range []string{"header", "payload", "signature"} {
		swap := func(part string) string {
			changed := append([]string(nil), parts...)
			changed[n] = part
			return join(changed[0], changed[1], changed[2])
		}
		add("base64 variants", "padding behind the "+name, swap(parts[n]+"=="), badToken, "B5")
		add("base64 variants", "a line break in the "+name, swap(parts[n][:12]+`\n`+parts[n][12:]), "bad_token|opaque", "B5")
		add("base64 variants", "+ and / in the "+name, swap(strings.Repeat("+/", 4)+parts[n][8:]), "bad_token|opaque", "B5")
		add("base64 variants", "a space behind the "+name, swap(parts[n]+" "), "bad_token|opaque", "B5")
	}
	add("base64 variants", "other unused last bits of the signature", good[:len(good)-1]+string(nextLetter(good[len(good)-1])), badToken, "B5")
	add("shape", "a million dots", strings.Repeat(".", 1_000_000), "too_large|opaque|not looked at", "B4")
	add("shape", "a header and 60,000 dots", parts[0]+strings.Repeat(".", 60_000), "opaque", "B4")
	add("shape", "a fourth part", good+".x", "opaque", "B4")
	add("shape", "a JWE", parts[0]+"."+parts[1]+".x."+parts[2]+".x", "opaque", "A4")
	add("shape", "an empty token", "", "opaque|not looked at", "A4")
	add("shape", "only dots", "..", "opaque|not looked at", "A4")
	return all
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// nextLetter differs from a letter in the last of its six bits.
func nextLetter(letter byte) byte { return alphabet[strings.IndexByte(alphabet, letter)^1] }

// foreign are true tokens of somebody else, or for somebody else.
func (i issuers) foreign() (all []hostile) {
	add := func(sends, token, reasons string) {
		all = append(all, hostile{"another tenant", sends, token, reasons, "A4"})
	}
	claims := claimsOf(quoted(anna), "")
	for _, iss := range []string{`"https://other.example.com"`, `"https://idp.example.com/"`, `"HTTPS://IDP.EXAMPLE.COM"`, `["https://idp.example.com"]`, `null`, `""`} {
		add("equal sub, iss "+iss, i.rsa.Token(strings.Replace(claims, `"https://idp.example.com"`, iss, 1)), "not_ours")
	}
	for _, aud := range []string{`"other"`, `["other"]`, `"app2"`, `"APP"`, `[]`, `null`, `{"app":1}`, `["app",5]`} {
		add("equal sub, aud "+aud, i.rsa.Token(strings.Replace(claims, `"aud":"app"`, `"aud":`+aud, 1)), "not_ours")
	}
	add("equal sub and iss, another tenant's key", i.mallory.Token(claims), unverified)
	add("equal sub, iss and kid, another tenant's key", i.mallory.TokenWithHeader(`{"alg":"ES256","kid":"key-ES256"}`, claims), unverified)
	return all
}
