package keys_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

// The errors have what a person needs to correct the configuration, and no id.
func TestVerify_SaysWhatDoesNotFit(t *testing.T) {
	es, rs := enrichtest.NewIssuer(t, "ES256"), enrichtest.NewIssuer(t, "RS256")
	hs := enrichtest.NewIssuer(t, "HS256")
	secret := open(t, keys.Options{Secret: []byte("another secret, which has 32 bytes")}, nil)
	public := open(t, keys.Options{PublicKey: file(t, es.PublicPEM())}, nil)
	strict := openFile(t, setOf(es), func(o *keys.Options) {
		o.Issuers, o.Audience, o.Types = []string{"https://auth.example.com"}, []string{"app"}, []string{"at+jwt"}
		o.Leeway = 30 * time.Second
	})
	several := openFile(t, setOf(es), func(o *keys.Options) { o.Issuers = []string{"https://a.example.com", "https://b.example.com"} })
	typed := func(claims string) string {
		return es.TokenWithHeader(`{"alg":"ES256","kid":"key-ES256","typ":"at+jwt"}`, claims)
	}
	const parties = `"iss":"https://auth.example.com","aud":"app"`
	expired := fmt.Sprintf(`{%s,"iat":%d,"exp":%d}`, parties, time.Now().Unix()-7200, time.Now().Unix()-3600)
	early := fmt.Sprintf(`{%s,"iat":%d,"nbf":%d}`, parties, time.Now().Unix()+1800, time.Now().Unix()+3600)
	for _, tt := range []struct {
		name         string
		ring         *keys.Ring
		token        string
		want, advice string
	}{
		{"iss", strict, typed(`{"iss":"https://other.example.com","aud":"app"}`),
			`its iss is "https://other.example.com", but verify.issuer has "https://auth.example.com"`, `section verify: issuer: ["https://other.example.com"]`},
		{"iss of another tenant", several, es.Token(`{"iss":"https://c.example.com"}`), `but verify.issuer has "https://a.example.com", "https://b.example.com"`, `add this to the list verify.issuer: "https://c.example.com"`},
		{"no iss", strict, typed(`{"aud":"app"}`), `it has no iss, but verify.issuer has "https://auth.example.com"`, "set verify.issuer to its iss"},
		{"iss of a user", strict, typed(`{"iss":"anna@example.com","aud":"app"}`), "its iss is [redacted], but", "set verify.issuer to its iss"},
		{"iss that is sub", strict, typed(`{"iss":"https://anna.example.com","sub":"https://anna.example.com","aud":"app"}`), "its iss is [redacted], but", "set verify.issuer"},
		{"iss that is sub, with escapes", strict, typed(`{"iss":"https:\/\/anna.example.com","sub":"https:\/\/anna.example.com","aud":"app"}`), "its iss is [redacted], but", "set verify.issuer"},
		{"iss of another type", strict, typed(`{"iss":4711,"aud":"app"}`), "its iss is not a string, but", "set verify.issuer"},
		{"aud", strict, typed(`{"iss":"https://auth.example.com","aud":["web","anna@example.com"]}`),
			`its aud is "web", [redacted], but verify.audience has "app"`, "set verify.audience"},
		{"no aud", strict, typed(`{"iss":"https://auth.example.com"}`), `it has no aud, but verify.audience has "app"`, "set verify.audience"},
		{"typ", strict, es.Token(`{` + parties + `}`), `, but verify.types has "at+jwt"`, ""},
		{"expired", strict, typed(expired), "expired 1h0m", ""},
		{"early", strict, typed(early), "not valid yet: nbf is 59m5", ""},
		{"kid", openFile(t, setOf(es), nil), rs.Token(`{}`), `its kid is "key-RS256", but the backend's JWK Set has "key-ES256"`, "check that verify.jwks names the keys"},
		{"kid that is sub", openFile(t, setOf(es), nil), rs.TokenWithHeader(`{"alg":"RS256","kid":"anna"}`, `{"sub":"anna"}`), "its kid is [redacted], but", "check that verify.jwks"},
		{"secret", secret, hs.Token(`{}`), "the signature does not match verify.secret", "set verify.secret to the secret in the settings of the backend"},
		{"public key", public, enrichtest.NewIssuer(t, "ES256").Token(`{}`), "the signature does not match verify.public_key", "save the public key that the backend signs with now"},
		{"a secret alone", secret, rs.Token(`{}`), "algorithm RS256 is not allowed, because verify has only a secret. Set verify.jwks or verify.public_key", ""},
		{"no secret", public, hs.Token(`{}`), "algorithm HS256 is not allowed, because there is no verify.secret for it", ""},
	} {
		_, err := verify(t, tt.ring, tt.token)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "anna") || strings.Contains(err.Error(), "4711") {
			t.Errorf("%s: Verify = %v, want %q and no user", tt.name, err, tt.want)
		}
		var advisor interface{ Advice() string }
		if ok := errors.As(err, &advisor); tt.advice != "" && (!ok || !strings.Contains(advisor.Advice(), tt.advice)) {
			t.Errorf("%s: advice of %v, want %q", tt.name, err, tt.advice)
		}
	}
}
