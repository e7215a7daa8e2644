package keys_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// shortX returns an issuer whose x has 31 bytes without its leading zero.
func shortX(t *testing.T) *enrichtest.Issuer {
	issuer := enrichtest.NewIssuer(t, "ES256")
	for !isShort(issuer) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		issuer.Private = key
	}
	return issuer
}

func isShort(issuer *enrichtest.Issuer) bool {
	x, _ := coordinates(issuer)
	return x[0] == 0
}

// coordinates returns the coordinates of a P-256 key, 32 bytes each.
func coordinates(issuer *enrichtest.Issuer) (x, y []byte) {
	point, err := issuer.Public().(*ecdsa.PublicKey).Bytes()
	if err != nil {
		panic(err)
	}
	return point[1:33], point[33:]
}

// certificateOf returns a certificate of an RSA issuer's key.
func certificateOf(t *testing.T, issuer *enrichtest.Issuer) []byte {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, issuer.Public(), issuer.Private)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

var url64, std64 = base64.RawURLEncoding.EncodeToString, base64.StdEncoding.EncodeToString

// Many backends encode keys in ways that RFC 7518 forbids. A key with one meaning is read,
// and published in the backend's bytes.
func TestJWKS_ReadsWhatHasOneMeaning(t *testing.T) {
	rs, es, ed, short := enrichtest.NewIssuer(t, "RS256"), enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "EdDSA"), shortX(t)
	n := rs.Public().(*rsa.PublicKey).N.Bytes()
	x, y := coordinates(short)
	ec := func(x, y string) string {
		return fmt.Sprintf(`{"kty":"EC","crv":"P-256","kid":%q,"x":%q,"y":%q}`, short.KeyID, x, y)
	}
	rsaWith := func(members string) string { return fmt.Sprintf(`{"kty":"RSA","kid":%q,%s}`, rs.KeyID, members) }
	std := std64(n)
	for name, tt := range map[string]struct {
		jwk    string
		issuer *enrichtest.Issuer
	}{
		"EC without a leading zero":          {ec(url64(x[1:]), url64(y)), short},
		"EC with one zero too many":          {ec(url64(append([]byte{0}, x...)), url64(y)), short},
		"EC in base64 with padding":          {ec(std64(x), std64(y)), short},
		"RSA n in base64":                    {rsaWith(fmt.Sprintf(`"n":%q,"e":"AQAB"`, std)), rs},
		"RSA n in base64url with padding":    {rsaWith(fmt.Sprintf(`"n":%q,"e":"AQAB"`, url64(n)+"==")), rs},
		"RSA n with line breaks":             {rsaWith(fmt.Sprintf(`"n":%q,"e":"AQAB"`, std[:64]+"\r\n"+std[64:]+"\n")), rs},
		"RSA n with a sign byte":             {rsaWith(fmt.Sprintf(`"n":%q,"e":"AAEAAQ"`, url64(append([]byte{0}, n...)))), rs},
		"RSA only in a certificate":          {rsaWith(fmt.Sprintf(`"x5c":[%q]`, std64(certificateOf(t, rs)))), rs},
		"alg that is a type":                 {rsaWith(fmt.Sprintf(`"alg":"RSA","n":%q,"e":"AQAB"`, url64(n))), rs},
		"alg in lower case":                  {rsaWith(fmt.Sprintf(`"alg":"rs256","n":%q,"e":"AQAB"`, url64(n))), rs},
		"alg that is not a string":           {rsaWith(fmt.Sprintf(`"alg":["RS256"],"n":%q,"e":"AQAB"`, url64(n))), rs},
		"use that no one knows":              {strings.Replace(jwkOf(es), `"use":"sig"`, `"use":"signature"`, 1), es},
		"use that is not a string":           {strings.Replace(jwkOf(es), `"use":"sig"`, `"use":["sig"]`, 1), es},
		"key_ops of the private key":         {adding(`"key_ops":["sign"]`, jwkOf(es)), es},
		"key_ops that is not a list":         {adding(`"key_ops":"verify"`, jwkOf(ed)), ed},
		"kid that is a number":               {strings.Replace(jwkOf(es), `"key-ES256"`, `1`, 1), es},
		"kid that is null":                   {strings.Replace(jwkOf(ed), `"key-EdDSA"`, `null`, 1), ed},
		"x5c that is not the key":            {adding(fmt.Sprintf(`"x5c":[%q]`, std64(certificateOf(t, rs))), jwkOf(es)), es},
		"members that are not in a standard": {adding(`"x5t":17,"expires":{"on":[]}`, jwkOf(ed)), ed},
	} {
		t.Run(name, func(t *testing.T) {
			ring := openFile(t, set(tt.jwk), nil)
			expect(t, ring, token(tt.issuer), good)
			if odd := ring.OddKeys(); odd != nil {
				t.Errorf("OddKeys = %v, want none", odd)
			}
			if got, _, err := ring.JWKS(); err != nil || !bytes.Equal(got, set(tt.jwk)) {
				t.Errorf("JWKS = %s (%v), want the backend's bytes %s", got, err, set(tt.jwk))
			}
		})
	}
}

func TestJWKS_ReadsADocumentWithAByteOrderMark(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	for name, document := range map[string]string{
		"byte order mark":             "\ufeff" + string(setOf(issuer)),
		"white space around it":       "\r\n " + string(setOf(issuer)) + "\r\n\x20",
		"a member twice next to keys": `{"a":1,"a":2,` + string(setOf(issuer))[1:],
		"text that is not UTF-8":      "{\"a\":\"\xff\"," + string(setOf(issuer))[1:],
		"keys in another case too":    `{"Keys":[],` + string(setOf(issuer))[1:],
	} {
		expect(t, openFile(t, []byte(document), func(o *keys.Options) { o.Algorithms = []string{"ES256"} }), token(issuer), good)
		if t.Failed() {
			t.Fatalf("with %s", name)
		}
	}
}

func TestOpen_RefusesWhatIsNoJWKSet(t *testing.T) {
	for _, document := range []string{
		`[]`, `null`, `{}`, `{"keys":{}}`, `{"keys":"a"}`, `{"keys":[1,null]}`, `{"keys":[],"keys":[]}`, `{"Keys":[]}`,
		jwkOf(enrichtest.NewIssuer(t, "ES256")), `{"keys":[]} {"keys":[]}`, "",
	} {
		if _, err := keys.Open(keys.Options{JWKS: file(t, []byte(document))}); err == nil || !strings.Contains(err.Error(), "not a JWK Set") {
			t.Errorf("Open with %q = %v, want an error that says that it is not a JWK Set", document, err)
		}
	}
}

// An entry that cannot be used is named, and blocks no other.
func TestJWKS_LeavesOutOddEntriesAndSaysWhy(t *testing.T) {
	fine, odd := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "ES256")
	fine.KeyID, odd.KeyID = "fine", "odd"
	jwk := jwkOf(odd)
	private := marshalPrivate(t, odd)
	with := func(from, to string) string {
		changed := strings.Replace(jwk, from, to, 1)
		if changed == jwk {
			t.Fatalf("%s does not contain %s", jwk, from)
		}
		return changed
	}
	for name, tt := range map[string]struct {
		entry     string
		reason    string // empty if the entry is not odd
		id        string
		published bool
		token     string // verdict of a token that it signs
	}{
		"null":                     {`null`, "not a JSON object", "", false, notOurs},
		"text":                     {`"odd"`, "not a JSON object", "", false, notOurs},
		"a member twice":           {adding(`"kid":"odd","x":"AAAA"`, with(`"kid":"odd",`, ``)), "two members of the same name", "odd", false, notOurs},
		"kid twice":                {adding(`"kid":"another"`, jwk), "two members of the same name", "", false, notOurs},
		"not UTF-8":                {adding("\"a\":\"\xff\"", jwk), "invalid JSON", "odd", false, notOurs},
		"unknown kty":              {with(`"EC"`, `"ec"`), "kty", "odd", true, notOurs},
		"unknown crv":              {with(`"P-256"`, `"secp256k1"`), "crv", "odd", true, notOurs},
		"alg that contradicts kty": {with(`"ES256"`, `"RS256"`), "alg", "odd", true, notOurs},
		"alg none":                 {with(`"ES256"`, `"none"`), "alg", "odd", true, notOurs},
		"alg of another curve":     {with(`"ES256"`, `"ES384"`), "alg", "odd", true, notOurs},
		"point not on the curve":   {with(`"x":"`, `"x":"B`), "x", "odd", true, notOurs},
		"x without text":           {with(`"x":"`, `"x":"","x2":"`), "x", "odd", true, notOurs},
		"x that is a number":       {with(`"x":"`, `"x":7,"x2":"`), "x", "odd", true, notOurs},
		"RSA without n":            {`{"kty":"RSA","kid":"odd","e":"AQAB"}`, "n is missing", "odd", true, notOurs},
		"RSA with an even e":       {`{"kty":"RSA","kid":"odd","e":"AQAA","n":"AQAB"}`, "e is not", "odd", true, notOurs},
		"RSA that is short":        {`{"kty":"RSA","kid":"odd","e":"AQAB","n":"AQAB"}`, "too short", "odd", true, notOurs},
		"RSA that takes minutes":   {fmt.Sprintf(`{"kty":"RSA","kid":"odd","e":"AQAB","n":%q}`, url64(bytes.Repeat([]byte{0xff}, 1<<19))), "too long", "odd", true, notOurs},
		"Ed25519 that is short":    {`{"kty":"OKP","kid":"odd","crv":"Ed25519","x":"AQAB"}`, "32 bytes", "odd", true, notOurs},
		"Ed448":                    {`{"kty":"OKP","kid":"odd","crv":"Ed448","x":"AQAB"}`, "crv", "odd", true, notOurs},
		"x5c that is not a list":   {`{"kty":"RSA","kid":"odd","x5c":"AQAB"}`, "x5c", "odd", true, notOurs},
		"x5c that is garbage":      {`{"kty":"RSA","kid":"odd","x5c":["AQAB"]}`, "x5c", "odd", true, notOurs},
		"a secret":                 {`{"kty":"oct","kid":"odd","k":"c2VjcmV0"}`, "secret", "odd", false, notOurs},
		"a private key":            {private, "private half", "odd", true, good},
		"use enc":                  {with(`"use":"sig"`, `"use":"enc"`), "", "", true, notOurs},
		"key_ops for encryption":   {adding(`"key_ops":["deriveKey"]`, jwk), "", "", true, notOurs},
		"alg for encryption":       {with(`"ES256"`, `"ECDH-ES+A128KW"`), "", "", true, notOurs},
		"X25519":                   {`{"kty":"OKP","kid":"odd","crv":"X25519","x":"AQAB"}`, "", "", true, notOurs},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			ring := openFile(t, set(jwkOf(fine), tt.entry), func(o *keys.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
			expect(t, ring, token(fine), good)
			expect(t, ring, token(odd), tt.token)
			if got := publishes(t, ring, "odd"); got != tt.published {
				t.Errorf("published %v: %v, want %v", published(t, ring), got, tt.published)
			}
			checkOdd(t, ring, log.String(), keys.OddKey{Index: 1, ID: tt.id, Reason: tt.reason, Used: tt.token == good})
			if _, err := verify(t, ring, token(odd)); tt.id != "" && tt.token != good && !strings.Contains(err.Error(), tt.reason) {
				t.Errorf("Verify = %v, want an error with the reason %q", err, tt.reason)
			}
		})
	}
}

// marshalPrivate returns the JWK of a private key.
func marshalPrivate(t *testing.T, issuer *enrichtest.Issuer) string {
	d, err := issuer.Private.(*ecdsa.PrivateKey).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return adding(fmt.Sprintf(`"d":%q`, url64(d)), jwkOf(issuer))
}

// checkOdd checks that a ring has exactly one odd key, and that it was logged once. An
// empty reason in want means that it has none.
func checkOdd(t *testing.T, ring *keys.Ring, log string, want keys.OddKey) {
	t.Helper()
	odd := ring.OddKeys()
	if want.Reason == "" {
		if odd != nil || strings.Contains(log, "WARN") {
			t.Errorf("OddKeys = %v, log %s, want nothing odd", odd, log)
		}
		return
	}
	if len(odd) != 1 || odd[0].Index != want.Index || odd[0].ID != want.ID || odd[0].Used != want.Used || !strings.Contains(odd[0].Reason, want.Reason) {
		t.Errorf("OddKeys = %v, want one of %+v", odd, want)
		return
	}
	if strings.Count(log, "WARN") != 1 || !strings.Contains(log, "index=1") || !strings.Contains(log, odd[0].Reason) {
		t.Errorf("log %s, want one warning with index 1 and the reason %q", log, odd[0].Reason)
	}
}

func TestJWKS_WarnsOnceOfEachOddEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		issuer := enrichtest.NewIssuer(t, "ES256")
		backend := serving()
		odd := func(id string) string { return fmt.Sprintf(`{"kty":"XYZ","kid":%q}`, id) }
		many := make([]string, 50_000)
		for i := range many {
			many[i] = odd(fmt.Sprint(i))
		}
		backend.serve(set(jwkOf(issuer), odd("one")), nil)
		run(t, backend.open(t, func(o *keys.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) }))
		warnings := func() int { return strings.Count(log.String(), "cannot be used") }
		for _, step := range []struct {
			name string
			set  []byte
			want int // lines so far
		}{
			{"the first set", set(jwkOf(issuer), odd("one")), 1},
			{"the same set", set(jwkOf(issuer), odd("one")), 1},
			{"another order", set(odd("one"), jwkOf(issuer)), 1},
			{"one more", set(odd("one"), odd("two")), 2},
			{"a flood", set(many[:20_000]...), 12},
		} {
			backend.serve(step.set, nil)
			pass(10 * time.Minute)
			if got := warnings(); got != step.want {
				t.Errorf("after %s: %d warnings, want %d: %.2000s", step.name, got, step.want, log.String())
			}
		}
	})
}

// A verifier takes the first key with the kid of a token.
func TestJWKS_PrefersTheKeyThatCanBeUsed(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	unusable := strings.Replace(jwkOf(issuer), `"EC"`, `"AKP"`, 1)
	ring := openFile(t, set(unusable, jwkOf(issuer)), nil)
	if got, _, err := ring.JWKS(); err != nil || !bytes.Equal(got, setOf(issuer)) {
		t.Errorf("JWKS = %s (%v), want only the key that can be used", got, err)
	}
	expect(t, ring, token(issuer), good)
}

// The set has the key, so the reason is not that it is missing.
func TestVerify_SaysThatAKeyIsForEncryption(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	ring := openFile(t, set(strings.Replace(jwkOf(issuer), `"use":"sig"`, `"use":"enc"`, 1)), nil)
	if _, err := verify(t, ring, token(issuer)); verdict(err) != notOurs || !strings.Contains(err.Error(), "for encryption") {
		t.Errorf("Verify = %v, want %s because the key is for encryption", err, notOurs)
	}
}
