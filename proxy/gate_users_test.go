package proxy_test

import (
	"context"
	"encoding/base64"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
)

// identifying is an Enricher that knows the users of some tokens.
type identifying struct {
	*fakeEnricher
	users map[string]string
}

func (s identifying) Identify(_ context.Context, token string) (enrich.SignIn, error) {
	if user, ok := s.users[token]; ok {
		return enrich.SignIn{User: enrich.User{ID: user}}, nil
	}
	return enrich.SignIn{}, enrich.ErrNotOurs
}

// tokenNamed returns something in the shape of a token.
func tokenNamed(name string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(name)) + ".c2ln"
}

// G8: an accepted user does not open the gate for another, whose token a GraphQL client
// gets under a name of its choice.
func TestGate_RefusesTokensOfAnotherUserThanTheAcceptedOne(t *testing.T) {
	ours, same, other, foreign := tokenNamed("ours"), tokenNamed("same"), tokenNamed("other"), tokenNamed("foreign")
	users := map[string]string{ours: "u1", same: "u1", other: "u2"}
	for _, test := range []struct {
		name, header, body string
		refused            bool
	}{
		{"an alias", "", `{"data":{"login":{"token":"` + ours + `"},"x":{"token":"` + other + `"}}}`, true},
		{"an alias with the same token", "", `{"data":{"login":{"token":"` + ours + `"},"x":{"token":"` + ours + `"}}}`, false},
		{"a cookie", "\nSet-Cookie: s=" + other, `{"data":{"login":{"token":"` + ours + `"}}}`, true},
		{"another token of the user", "", `{"data":{"login":{"token":"` + ours + `","id":"` + same + `"}}}`, false},
		{"a refresh token with a key of its own", "", `{"data":{"login":{"token":"` + ours + `","refresh":"` + foreign + `"}}}`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := answer("HTTP/1.1 200 OK\nContent-Type: application/json"+test.header, test.body)
			f, _ := startResponding(t, text, setup{
				rules:    []proxy.Rule{gated(rule(t, "POST /login", "json:data.login.token"))},
				snapshot: func(s *proxy.Snapshot) { s.Enricher = identifying{newFakeEnricher(enrich.KeyBound), users} },
			})
			res, body := f.ask(t, login)
			if test.refused {
				expectRefusal(t, f, res, body)
				return
			}
			sameResponse(t, "POST", text, res, body)
		})
	}
}
