package keys_test

import (
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/enrich/keys"
)

func TestVerify_ChecksTheTypeOfTokens(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "HS256")
	for _, tt := range []struct {
		types []string
		typ   string // a member of the header
		want  string
	}{
		{nil, `,"typ":"anything"`, good},
		{nil, ``, good},
		{[]string{"at+jwt"}, `,"typ":"at+jwt"`, good},
		{[]string{"at+jwt"}, `,"typ":"AT+JWT"`, good},
		{[]string{"at+jwt"}, `,"typ":"application/at+jwt"`, good},
		{[]string{"application/AT+jwt"}, `,"typ":"at+jwt"`, good},
		{[]string{"at+jwt", "JWT"}, `,"typ":"jwt"`, good},
		{[]string{"at+jwt"}, `,"typ":"JWT"`, badToken},
		{[]string{"at+jwt"}, `,"typ":"application/x/at+jwt"`, badToken},
		{[]string{"at+jwt"}, `,"typ":"example/at+jwt"`, badToken},
		{[]string{"at+jwt"}, `,"typ":"at+jwt "`, badToken},
		{[]string{"at+jwt"}, `,"typ":["at+jwt"]`, badToken},
		{[]string{"at+jwt"}, ``, badToken},
		{[]string{"at+jwt", ""}, ``, good},
		{[]string{"at+jwt", ""}, `,"typ":""`, good},
		{[]string{"at+jwt", ""}, `,"typ":null`, badToken},
		{[]string{"at+jwt", ""}, `,"typ":"application/"`, badToken},
	} {
		ring := open(t, keys.Options{Secret: []byte(enrichtest.Secret), Types: tt.types}, nil)
		token := issuer.TokenWithHeader(`{"alg":"HS256"`+tt.typ+`}`, `{"sub":"u1"}`)
		if _, err := verify(t, ring, token); verdict(err) != tt.want {
			t.Errorf("Types %q, header with %s: %v, want %s", tt.types, tt.typ, err, tt.want)
		}
	}
}
