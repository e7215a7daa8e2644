package enrich_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

func TestEnrich_LeavesOtherTokensUnchanged(t *testing.T) {
	f := newFixture(t, "RS256", func(k *keys.Options, _ *enrich.Options) {
		k.Issuers, k.Audience = []string{"https://auth.example.com"}, []string{"app"}
	})
	now := time.Now().Unix()
	ours := func(sub string, exp int64, more string) string {
		return fmt.Sprintf(`{"iss":"https://auth.example.com","aud":["x","app"],"sub":%s,"exp":%d%s}`, sub, exp, more)
	}
	good := f.issuer.Token(ours(`"u1"`, now+60, ""))
	parts := strings.Split(good, ".")
	foreign := enrichtest.NewIssuer(t, "ES256")
	hmac := enrichtest.NewIssuer(t, "HS256")
	hmac.Private, hmac.KeyID = f.issuer.PublicPEM(), "key-RS256"

	tests := []struct {
		name, token string
		want        enrich.Reason
	}{
		{"good", good, enrich.OK},
		{"user without a document", f.issuer.Token(ours(`"u2"`, now+60, "")), enrich.NoDocument},
		{"user id is null", f.issuer.Token(ours(`null`, now+60, "")), enrich.NoDocument},
		{"user id is an object", f.issuer.Token(ours(`{"$ne":"x"}`, now+60, "")), enrich.NoDocument},
		{"user id is a fraction", f.issuer.Token(ours(`1.5`, now+60, "")), enrich.NoDocument},
		{"user id is empty", f.issuer.Token(ours(`""`, now+60, "")), enrich.NoDocument},
		{"opaque", "d0849b7d-f5e0-4586-8ca1-224325530f21", enrich.Opaque},
		{"opaque with two dots", "v4.public.abcdef", enrich.Opaque},
		{"JWE", "eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d", enrich.Opaque},
		{"only dots", strings.Repeat(".", 60<<10), enrich.Opaque},
		{"longer than any token", "eyJ" + strings.Repeat("a", enrich.MaxToken), enrich.TooLarge},
		{"another issuer", f.issuer.Token(fmt.Sprintf(`{"iss":"https://other","aud":"app","sub":"u1","exp":%d}`, now+60)), enrich.NotOurs},
		{"no issuer", f.issuer.Token(fmt.Sprintf(`{"aud":"app","sub":"u1","exp":%d}`, now+60)), enrich.NotOurs},
		{"another audience", f.issuer.Token(fmt.Sprintf(`{"iss":"https://auth.example.com","aud":"other","sub":"u1","exp":%d}`, now+60)), enrich.NotOurs},
		{"expired", f.issuer.Token(ours(`"u1"`, now-60, "")), enrich.BadToken},
		{"expired 5 s ago, with 1 s leeway", f.issuer.Token(ours(`"u1"`, now-5, "")), enrich.BadToken},
		{"not valid yet", f.issuer.Token(ours(`"u1"`, now+60, fmt.Sprintf(`,"nbf":%d`, now+30))), enrich.BadToken},
		{"exp is a string", f.issuer.Token(`{"iss":"https://auth.example.com","aud":"app","sub":"u1","exp":"2100000000"}`), enrich.BadToken},
		{"sub twice", f.issuer.Token(ours(`"u2","sub":"u1"`, now+60, "")), enrich.BadToken},
		{"claim twice, escaped", f.issuer.Token(ours(`"u1"`, now+60, `,"a":{"x":1,"\u0078":2}`)), enrich.BadToken},
		{"alg twice", f.issuer.TokenWithHeader(`{"alg":"RS256","alg":"none","kid":"key-RS256"}`, ours(`"u1"`, now+60, "")), enrich.BadToken},
		{"crit", f.issuer.TokenWithHeader(`{"alg":"RS256","kid":"key-RS256","crit":["x"],"x":1}`, ours(`"u1"`, now+60, "")), enrich.BadToken},
		{"none", enrichtest.EncodeSegment(`{"alg":"none"}`) + "." + parts[1] + ".", enrich.BadToken},
		{"none, other spelling", enrichtest.EncodeSegment(`{"alg":"nOnE"}`) + "." + parts[1] + ".", enrich.BadToken},
		{"RSA key as an HMAC secret", hmac.Token(ours(`"u1"`, now+60, "")), enrich.BadToken},
		{"key in the header", foreign.TokenWithHeader(`{"alg":"ES256","kid":"key-RS256","jwk":`+string(foreign.JWKS()[9:len(foreign.JWKS())-2])+`}`, ours(`"u1"`, now+60, "")), enrich.BadToken},
		{"signature cut off", good[:len(good)-4], enrich.BadToken},
		{"claims changed", parts[0] + "." + enrichtest.EncodeSegment(ours(`"u1"`, now+61, "")) + "." + parts[2], enrich.BadToken},
		{"padded", parts[0] + "=." + parts[1] + "." + parts[2], enrich.BadToken},
		{"line break", parts[0] + "." + parts[1] + "." + parts[2] + "\n", enrich.BadToken},
		{"payload is an array", f.issuer.Token(`["sub"]`), enrich.BadToken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := f.enrichOne(t, tt.token)
			if got.Reason != tt.want && !(tt.want == enrich.BadToken && got.Reason == enrich.Unavailable && undecided(got.Err)) {
				t.Errorf("reason %q (%v), want %q", got.Reason, got.Err, tt.want)
			}
			if (got.Raw == tt.token) != (tt.want != enrich.OK) {
				t.Errorf("reason %q, token changed %v; want changed %v", got.Reason, got.Raw != tt.token, got.Raw == tt.token)
			}
			if got.Err != nil && (strings.Contains(got.Err.Error(), "u1") || strings.Contains(got.Err.Error(), parts[1])) {
				t.Errorf("error %q contains the user id or the token, want neither", got.Err)
			}
		})
	}
}

// undecided reports whether the ring could not decide because an earlier test had just
// used the one refetch in 30 s (law B3).
func undecided(err error) bool {
	return err != nil && strings.Contains(err.Error(), "less than 30s ago")
}
