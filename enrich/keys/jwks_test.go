package keys_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// openFile opens a ring whose backend's JWK Set is a file.
func openFile(t *testing.T, set []byte, change func(*keys.Options)) *keys.Ring {
	t.Helper()
	return open(t, keys.Options{JWKS: file(t, set)}, change)
}

// withDir gives a ring a new directory of its own keys.
func withDir(t *testing.T) func(*keys.Options) {
	dir := filepath.Join(t.TempDir(), "keys")
	return func(o *keys.Options) { o.Dir = dir }
}

// marshal returns a key as a JWK, as the library writes it.
func marshal(t *testing.T, jwk jose.JSONWebKey) string {
	t.Helper()
	text, err := json.Marshal(jwk)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// adding adds a member to a JWK, before the others.
func adding(member, jwk string) string { return `{` + member + `,` + jwk[1:] }

func TestJWKS_KeepsTheBackendsKeysAsTheyAre(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	for _, jwk := range []string{
		jwkOf(issuer),
		adding(`"x-unknown" : [ 1.0, "<&>" ]`, jwkOf(issuer)),
		adding(`"key_ops":["verify"]`, jwkOf(issuer)),
		`{"kty":"AKP","kid":"future","alg":"ML-DSA-44","pub":"AAAA"}`,
		`{"kty":"OKP","crv":"Ed448","kid":"e","x":"AAAA"}`,
	} {
		ring := openFile(t, set(jwk), nil)
		got, _, err := ring.JWKS()
		if err != nil || !bytes.Equal(got, set(jwk)) {
			t.Errorf("JWKS = %s (%v), want %s", got, err, set(jwk))
		}
	}
}

func TestJWKS_NeverPublishesPrivateMembers(t *testing.T) {
	var private []string
	for _, algorithm := range []string{"RS256", "ES256", "EdDSA"} {
		issuer := enrichtest.NewIssuer(t, algorithm)
		private = append(private, marshal(t, jose.JSONWebKey{Key: issuer.Private, KeyID: issuer.KeyID}))
	}
	private = append(private,
		`{"kty":"oct","kid":"secret","k":"c2VjcmV0"}`,
		`{"kty":"\u006fct","kid":"secret","k":"c2VjcmV0"}`,
		`{"kty":"AKP","kid":"a","pub":"AAAA","priv":"c2VjcmV0"}`,
		`{"kty":"OCT","kid":"o","\u006b":"c2VjcmV0"}`,
	)
	ring := openFile(t, set(private...), withDir(t))
	jwks := published(t, ring)
	if len(jwks) != 3+2+3 { // asymmetric, unknown, our own
		t.Errorf("%d keys published, want 8: %v", len(jwks), jwks)
	}
	for _, jwk := range jwks {
		for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"} {
			if jwk[name] != nil {
				t.Errorf("the key %v is published with its %q", jwk["kid"], name)
			}
		}
		if jwk["kty"] == "oct" {
			t.Errorf("the secret with kid %v is published", jwk["kid"])
		}
	}
}

// A key whose certificate does not match it can be used. Many backends encode
// certificates wrongly.
func TestJWKS_IgnoresCertificates(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	for _, member := range []string{
		`"x5c":["not base64"]`, `"x5c":[]`, `"x5t":"AAAA"`, `"x5t#S256":"AAAA"`, `"x5u":":"`,
	} {
		jwk := adding(member, jwkOf(issuer))
		ring := openFile(t, set(jwk), nil)
		expect(t, ring, token(issuer), good)
		if got, _, err := ring.JWKS(); err != nil || !bytes.Equal(got, set(jwk)) {
			t.Errorf("JWKS = %s (%v), want %s", got, err, set(jwk))
		}
	}
}

func TestJWKS_PublishesKeysThatVerifyNoToken(t *testing.T) {
	rsa1024, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p256 := enrichtest.NewIssuer(t, "ES256")
	small := enrichtest.NewIssuer(t, "RS256")
	small.Private = rsa1024
	tests := []struct {
		name   string
		jwk    string
		issuer *enrichtest.Issuer
		want   string
	}{
		{"for signatures", jwkOf(p256), p256, good},
		{"for encryption", strings.Replace(jwkOf(p256), `"use":"sig"`, `"use":"enc"`, 1), p256, notOurs},
		{"for an encryption algorithm", strings.Replace(jwkOf(p256), `"alg":"ES256"`, `"alg":"ECDH-ES"`, 1), p256, notOurs},
		{"for an algorithm of another type", strings.Replace(jwkOf(p256), `"alg":"ES256"`, `"alg":"RS256"`, 1), p256, notOurs},
		{"RSA of 1024 bits", jwkOf(small), small, notOurs},
		{"unknown type", `{"kty":"XYZ","kid":"key-ES256"}`, p256, notOurs},
		{"point not on the curve", strings.Replace(jwkOf(p256), `"x":"`, `"x":"BBBB`, 1), p256, notOurs},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ring := openFile(t, set(tt.jwk), nil)
			expect(t, ring, token(tt.issuer), tt.want)
			if !publishes(t, ring, tt.issuer.KeyID) {
				t.Errorf("JWKS = %v, want the key in it", published(t, ring))
			}
		})
	}
}

func TestJWKS_IgnoresOwnKeysInTheBackendsSet(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	dir := withDir(t)
	ring := openFile(t, setOf(issuer), dir)
	merged, _, err := ring.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	through := openFile(t, merged, dir)
	if got, _, err := through.JWKS(); err != nil || !bytes.Equal(got, merged) {
		t.Errorf("JWKS = %s (%v), want each key once: %s", got, err, merged)
	}
	for header, want := range map[string]string{
		`{"alg":"ES256","kid":"` + ownID(t, ring) + `"}`: notOurs,
		`{"alg":"ES256"}`: badToken,
	} {
		signed := enrichtest.EncodeSegment(header) + "." + enrichtest.EncodeSegment(`{"sub":"u1"}`)
		verified, err := verify(t, ring, token(issuer))
		if err != nil {
			t.Fatal(err)
		}
		signature, err := verified.Signer.Sign(signed)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, through, signed+"."+enrichtest.EncodeSegment(string(signature)), want)
	}
}

func TestJWKS_IsCachedNoLongerThanTheBackends(t *testing.T) {
	tests := []struct {
		name   string
		maxAge string
		after  time.Duration
		want   time.Duration
	}{
		{"at once", "max-age=60", 0, time.Minute},
		{"the rest of its freshness", "max-age=60", 45 * time.Second, 15 * time.Second},
		{"at most five minutes", "max-age=600", 0, 5 * time.Minute},
		{"near the end of a long freshness", "max-age=600", 6 * time.Minute, 4 * time.Minute},
		{"fetched again", "max-age=60", 70 * time.Second, 50 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				backend := serving()
				backend.serve(set(), http.Header{"Cache-Control": {tt.maxAge}})
				ring := backend.open(t, nil)
				run(t, ring)
				pass(tt.after)
				if _, maxAge, err := ring.JWKS(); err != nil || maxAge != tt.want {
					t.Errorf("JWKS may be cached for %v (%v), want %v", maxAge, err, tt.want)
				}
			})
		})
	}
}

func TestJWKS_FileIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, newer := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "ES256")
		newer.KeyID = "newer"
		path := file(t, setOf(old))
		ring := open(t, keys.Options{JWKS: path}, nil)
		run(t, ring)
		write(t, path, setOf(newer))
		expect(t, ring, token(newer), good)
		expect(t, ring, token(old), undecided)
		write(t, path, []byte("garbage"))
		pass(time.Minute)
		expect(t, ring, token(newer), good)
	})
}

func TestOpen_RefusesUnreadableFiles(t *testing.T) {
	garbage := file(t, []byte("garbage"))
	missing := filepath.Join(t.TempDir(), "missing")
	for name, o := range map[string]keys.Options{
		"missing JWKS":          {JWKS: missing},
		"garbage JWKS":          {JWKS: garbage},
		"missing public key":    {PublicKey: missing},
		"garbage public key":    {PublicKey: garbage},
		"missing backend's key": {BackendKey: missing},
		"garbage backend's key": {BackendKey: garbage},
	} {
		if _, err := keys.Open(o); err == nil {
			t.Errorf("%s: opened, want an error", name)
		}
	}
}

// Law E1: verifiers take the first key with the kid of a token.
func TestJWKS_HasOneKeyForEachKidAndUse(t *testing.T) {
	dir, path := openDir(t)
	own := newKey(t, dir, "ES256", time.Now()).ID
	one, two := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "ES256")
	named := func(i *enrichtest.Issuer, id string) string {
		return strings.Replace(jwkOf(i), `"key-ES256"`, fmt.Sprintf("%q", id), 1)
	}
	without := func(member, jwk string) string { return strings.Replace(jwk, member+",", "", 1) }
	for name, tt := range map[string]struct {
		set  []byte
		want int // keys of the backend
		warn bool
	}{
		"different kids":                   {set(named(one, "1"), named(two, "2")), 2, false},
		"our kid":                          {set(named(one, own), named(two, "2")), 1, true},
		"our kid with an escape":           {set(strings.Replace(named(one, own), own[:1], fmt.Sprintf(`\u%04x`, own[0]), 1)), 0, true},
		"our kid, for encryption":          {set(strings.Replace(named(one, own), `"sig"`, `"enc"`, 1)), 0, true},
		"one kid":                          {set(named(one, "1"), named(two, "1")), 1, true},
		"one kid, one without use":         {set(named(one, "1"), without(`"use":"sig"`, named(two, "1"))), 1, true},
		"one kid, one for encryption":      {set(named(one, "1"), strings.Replace(named(two, "1"), `"sig"`, `"enc"`, 1)), 2, false},
		"the same key twice":               {set(named(one, "1"), named(one, "1")), 1, true},
		"without kid":                      {set(without(`"kid":"key-ES256"`, jwkOf(one)), without(`"kid":"key-ES256"`, jwkOf(two))), 2, false},
		"kid null":                         {set(strings.Replace(jwkOf(one), `"key-ES256"`, "null", 1), strings.Replace(jwkOf(two), `"key-ES256"`, "null", 1)), 2, false},
		"one kid, the first unusable":      {set(strings.Replace(named(one, "1"), `"EC"`, `"XY"`, 1), named(two, "1")), 1, true},
		"our own key, which is not theirs": {set(named(one, "1")), 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			ring := openFile(t, tt.set, func(o *keys.Options) { o.Dir, o.Logger = path, slog.New(slog.NewTextHandler(&log, nil)) })
			published(t, ring)
			jwks := published(t, ring)
			if len(jwks) != tt.want+1 || jwks[len(jwks)-1]["kid"] != own {
				t.Errorf("published %v, want %d keys of the backend and then ours", jwks, tt.want)
			}
			if got := strings.Count(log.String(), "Give each key of the backend its own kid"); (got == 1) != tt.warn || got > 1 {
				t.Errorf("log %s, want one warning: %v", log.String(), tt.warn)
			}
		})
	}
}

// A token that names our kid is not the backend's, whatever its set says.
func TestVerify_OurKidIsNeverTheBackends(t *testing.T) {
	dir, path := openDir(t)
	own := newKey(t, dir, "ES256", time.Now()).ID
	backend := enrichtest.NewIssuer(t, "ES256")
	backend.KeyID = own
	ring := openFile(t, set(jwkOf(backend)), func(o *keys.Options) { o.Dir = path })
	expect(t, ring, token(backend), notOurs)
}
