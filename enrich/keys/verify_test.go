package keys_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

func TestPublicKey_VerifiesInAnyPEMForm(t *testing.T) {
	rs, es, ed := enrichtest.NewIssuer(t, "RS256"), enrichtest.NewIssuer(t, "ES384"), enrichtest.NewIssuer(t, "EdDSA")
	private := rs.Private.(*rsa.PrivateKey)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	block := func(typ string, der []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: der})
	}
	tests := []struct {
		name   string
		text   []byte
		issuer *enrichtest.Issuer
	}{
		{"SPKI of RSA", rs.PublicPEM(), rs},
		{"SPKI of EC", es.PublicPEM(), es},
		{"SPKI of Ed25519", ed.PublicPEM(), ed},
		{"PKCS #1", block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&private.PublicKey)), rs},
		{"certificate", block("CERTIFICATE", certificate), rs},
		{"after text and other blocks", append([]byte("subject=x\n"+string(block("X", nil))), rs.PublicPEM()...), rs},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ring := open(t, keys.Options{PublicKey: file(t, tt.text)}, nil)
			expect(t, ring, token(tt.issuer), good)
			expect(t, ring, forged(tt.issuer), badToken)
			if got := len(published(t, ring)); got != 1 {
				t.Errorf("%d keys published, want only the backend's key", got)
			}
		})
	}
}

func TestPublicKey_IsRefusedIfWeakOrUnsupported(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	odd, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	issuer := enrichtest.NewIssuer(t, "RS256")
	for name, key := range map[string]any{"RSA of 1024 bits": small, "P-224": odd} {
		issuer.Private = key
		if _, err := keys.Open(keys.Options{PublicKey: file(t, issuer.PublicPEM())}); err == nil {
			t.Errorf("%s: opened as the public key, want an error", name)
		}
		if _, err := keys.Open(keys.Options{BackendKey: file(t, issuer.PrivatePEM())}); err == nil {
			t.Errorf("%s: opened as the backend's private key, want an error", name)
		}
	}
	if _, err := keys.Open(keys.Options{PublicKey: file(t, enrichtest.NewIssuer(t, "RS256").PrivatePEM())}); err == nil {
		t.Error("a private key opened as the public one, want an error")
	}
}

func TestVerify_BindsTheAlgorithmToTheTypeOfTheKey(t *testing.T) {
	rs, es, ed := enrichtest.NewIssuer(t, "RS256"), enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "EdDSA")
	hs := enrichtest.NewIssuer(t, "HS256")
	ring := openFile(t, setOf(rs, es, ed), nil)
	unsigned := func(header string) string {
		return enrichtest.EncodeSegment(header) + "." + enrichtest.EncodeSegment(`{"sub":"u1"}`) + "."
	}
	as := func(i *enrichtest.Issuer, algorithm, kid string) string {
		return i.TokenWithHeader(fmt.Sprintf(`{"alg":%q,"kid":%q}`, algorithm, kid), `{"sub":"u1"}`)
	}
	tests := []struct {
		name, token string
	}{
		{"none", unsigned(`{"alg":"none","kid":"key-RS256"}`)},
		{"NONE", unsigned(`{"alg":"NONE"}`)},
		{"empty alg", unsigned(`{"alg":""}`)},
		{"HMAC with the public key's PEM", func() string { hs.Private = rs.PublicPEM(); return as(hs, "HS256", "key-RS256") }()},
		{"HMAC with the JWK", func() string { hs.Private = []byte(jwkOf(rs)); return as(hs, "HS256", "key-RS256") }()},
		{"HMAC with an empty secret", func() string { hs.Private = []byte{}; return as(hs, "HS256", "key-RS256") }()},
		{"other algorithm in the header", as(rs, "PS256", "key-RS256")},
		{"other type in the header", as(es, "ES256", "key-RS256")},
		{"other curve in the header", as(es, "ES384", "key-ES256")},
		{"alg member of the JWK says RS256", as(newIssuer(rs, "RS512"), "RS512", "key-RS256")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := verify(t, ring, tt.token); err == nil {
				t.Errorf("Verify(%s) has no error, want one", tt.token)
			}
		})
	}
	for _, issuer := range []*enrichtest.Issuer{rs, es, ed} {
		expect(t, ring, token(issuer), good)
	}
}

// newIssuer returns an issuer with the same key, for another algorithm.
func newIssuer(i *enrichtest.Issuer, algorithm string) *enrichtest.Issuer {
	return &enrichtest.Issuer{Algorithm: algorithm, KeyID: i.KeyID, Private: i.Private}
}

func TestVerify_KidSelectsTheKeys(t *testing.T) {
	one, two, stranger := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "ES256")
	named := func(id string) string { return fmt.Sprintf(`{"alg":"ES256","kid":%q}`, id) }
	const nameless = `{"alg":"ES256"}`
	withoutID := func(i *enrichtest.Issuer) string { return strings.Replace(jwkOf(i), `"kid":"key-ES256",`, "", 1) }
	withID := func(i *enrichtest.Issuer, id string) string {
		return strings.Replace(jwkOf(i), `"key-ES256"`, fmt.Sprintf("%q", id), 1)
	}
	both := set(withID(one, "1"), withID(two, "2"))
	tests := []struct {
		name   string
		set    []byte
		header string
		issuer *enrichtest.Issuer
		want   string
	}{
		{"no kid, first key", both, nameless, one, good},
		{"no kid, last key", both, nameless, two, good},
		{"no kid, unknown key", both, nameless, stranger, badToken},
		{"its kid", both, named("2"), two, good},
		{"the kid of the other", both, named("1"), two, badToken},
		{"unknown kid", both, named("3"), two, notOurs},
		{"two keys with one kid, first", set(withID(one, "1"), withID(two, "1")), named("1"), one, good},
		{"two keys with one kid, last", set(withID(one, "1"), withID(two, "1")), named("1"), two, good},
		{"keys without kid", set(withoutID(one), withoutID(two)), named("any"), two, good},
		{"keys without kid, unknown key", set(withoutID(one), withoutID(two)), named("any"), stranger, badToken},
		{"no keys", set(), named("1"), one, notOurs},
		{"no keys, no kid", set(), nameless, one, badToken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ring := openFile(t, tt.set, nil)
			expect(t, ring, tt.issuer.TokenWithHeader(tt.header, `{"sub":"u1"}`), tt.want)
		})
	}
}

func TestVerify_AllowsOnlyConfiguredAlgorithms(t *testing.T) {
	rs := enrichtest.NewIssuer(t, "RS256")
	jwk := strings.Replace(jwkOf(rs), `"alg":"RS256",`, "", 1)
	for _, algorithm := range []string{"RS256", "RS512", "PS256"} {
		expect(t, openFile(t, set(jwk), nil), token(newIssuer(rs, algorithm)), good)
	}
	narrowed := openFile(t, set(jwk), func(o *keys.Options) { o.Algorithms = []string{"PS256", "none"} })
	expect(t, narrowed, token(newIssuer(rs, "PS256")), good)
	expect(t, narrowed, token(rs), badToken)
	expect(t, narrowed, enrichtest.EncodeSegment(`{"alg":"none"}`)+"."+enrichtest.EncodeSegment(`{}`)+".", badToken)
}

func TestVerify_ChecksTimesWithLeeway(t *testing.T) {
	// In a bubble, time starts at 946684800.
	tests := []struct {
		name, claims, want string
	}{
		{"no time", `{}`, good},
		{"expires later", `{"exp":946684860}`, good},
		{"expired within the leeway", `{"exp":946684771}`, good},
		{"expired", `{"exp":946684769}`, badToken},
		{"valid soon, within the leeway", `{"nbf":946684829}`, good},
		{"not valid yet", `{"nbf":946684831}`, badToken},
		{"iat is not checked", `{"iat":946684831}`, good},
		{"a fraction", `{"exp":946684860.5}`, good},
		{"exp is a string", `{"exp":"946684860"}`, badToken},
		{"exp is null", `{"exp":null}`, badToken},
		{"exp is true", `{"exp":true}`, badToken},
		{"exp is an array", `{"exp":[946684860]}`, badToken},
		{"exp is too large for a number", `{"exp":1e999}`, badToken},
		{"never expires", `{"exp":9223372036854775807}`, good},
		{"expires too late for a time", `{"exp":1e300}`, good},
		{"expired too early for a time", `{"exp":-1e300}`, badToken},
		{"never valid", `{"nbf":9223372036854775807}`, badToken},
		{"valid too late for a time", `{"nbf":1e300}`, badToken},
		{"valid since too early for a time", `{"nbf":-1e300}`, good},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := enrichtest.NewIssuer(t, "HS256")
				ring := open(t, keys.Options{Secret: []byte(enrichtest.Secret), Leeway: 30 * time.Second}, nil)
				expect(t, ring, issuer.Token(tt.claims), tt.want)
			})
		})
	}
}

func TestVerify_ReturnsTheTimesOfTheToken(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "HS256")
	ring := open(t, keys.Options{Secret: []byte(enrichtest.Secret)}, nil)
	for claims, want := range map[string]enrich.Verified{
		`{}`:                                {},
		`{"iat":4000000000}`:                {IssuedAt: time.Unix(4000000000, 0)},
		`{"iat":4000000000,"exp":4.0001e9}`: {IssuedAt: time.Unix(4000000000, 0), ExpiresAt: time.Unix(4000100000, 0)},
		`{"iat":"soon","exp":4000100000}`:   {ExpiresAt: time.Unix(4000100000, 0)},
	} {
		got, err := verify(t, ring, issuer.Token(claims))
		if err != nil || !got.IssuedAt.Equal(want.IssuedAt) || !got.ExpiresAt.Equal(want.ExpiresAt) {
			t.Errorf("Verify of %s = issued %v, expires %v (%v); want %v, %v", claims, got.IssuedAt, got.ExpiresAt, err, want.IssuedAt, want.ExpiresAt)
		}
	}
}

func TestVerify_RefusesTokensForOthers(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "HS256")
	ring := open(t, keys.Options{
		Secret: []byte(enrichtest.Secret), Issuers: []string{"https://one", "https://two"}, Audience: []string{"app", "api"},
	}, nil)
	for claims, want := range map[string]string{
		`{"iss":"https://one","aud":"app"}`:                good,
		`{"iss":"https://two","aud":["other","api"]}`:      good,
		`{"iss":"https:\/\/one","aud":["\u0061pp"]}`:       good,
		`{"iss":"https://one/","aud":"app"}`:               notOurs,
		`{"aud":"app"}`:                                    notOurs,
		`{"iss":["https://one"],"aud":"app"}`:              notOurs,
		`{"iss":null,"aud":"app"}`:                         notOurs,
		`{"iss":"https://one"}`:                            notOurs,
		`{"iss":"https://one","aud":"other"}`:              notOurs,
		`{"iss":"https://one","aud":[]}`:                   notOurs,
		`{"iss":"https://one","aud":null}`:                 notOurs,
		`{"iss":"https://one","aud":["app",null]}`:         notOurs,
		`{"iss":"https://one","aud":["app",1]}`:            notOurs,
		`{"iss":"https://one","aud":{"app":"app"}}`:        notOurs,
		`{"iss":"https://one","aud":"app","exp":"never"}`:  badToken,
		`{"iss":"https://evil","aud":"app","exp":"never"}`: notOurs,
	} {
		if _, err := verify(t, ring, issuer.Token(claims)); verdict(err) != want {
			t.Errorf("Verify of %s = %v, want %s", claims, err, want)
		}
	}
}

// A discovery document without an issuer allows tokens without iss or with an empty one,
// but not an iss that is not a string.
func TestVerify_MissingIssuerIsNotAnIssuerOfAnotherType(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "HS256")
	ring := open(t, keys.Options{Secret: []byte(enrichtest.Secret)}, nil)
	ring.ApplyDiscovery("", "")
	for claims, want := range map[string]string{`{}`: good, `{"iss":""}`: good, `{"iss":1}`: notOurs, `{"iss":null}`: notOurs} {
		if _, err := verify(t, ring, issuer.Token(claims)); verdict(err) != want {
			t.Errorf("Verify of %s = %v, want %s", claims, err, want)
		}
	}
}
