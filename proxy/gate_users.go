package proxy

import (
	"context"
	"net/http"
	"sync"

	"github.com/tokengraft/tokengraft/enrich"
)

// An identifier is an [Enricher] that also says whose a token is, as that of package enrich
// does.
type identifier interface {
	Identify(ctx context.Context, token string) (enrich.SignIn, error)
}

var _ identifier = (*enrich.Enricher)(nil)

// hidesUser reports whether a response has a verified token of another user than the
// located ones, at a place that no location names. A GraphQL client can sign in several
// users with one request, and chooses the names of their tokens in the response. Other
// tokens may be there: refresh tokens, and more tokens of the same user.
func (x *exchange) hidesUser(res *http.Response, l located) bool {
	ctx := context.WithoutCancel(res.Request.Context())
	enricher, ok := x.snapshot.Enricher.(identifier)
	if !ok {
		return false
	}
	known := map[string]bool{} // tokens that hide no one
	for _, found := range l.tokens {
		known[found.Token] = true
	}
	users := sync.OnceValue(func() map[enrich.User]bool {
		users := map[enrich.User]bool{}
		for _, found := range l.tokens {
			if s, err := enricher.Identify(ctx, found.Token); err == nil {
				users[s.User] = true
			}
		}
		return users
	})
	return x.hidesToken(res, l, func(token string) bool {
		if known[token] || x.wasSent(token) {
			return true
		}
		s, err := enricher.Identify(ctx, token)
		known[token] = err != nil || users()[s.User]
		return known[token]
	})
}
