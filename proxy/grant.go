package proxy

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// grantOf returns one grant of the located tokens, with what was recorded from the
// request. A token at several places is one token with the smallest of their budgets.
func (x *exchange) grantOf(l located, answered time.Time) enrich.Grant {
	g := x.requested
	g.Answered = answered
	g.Echoed = x.isEcho
	g.Code = cmp.Or(l.response.Param("code"), g.Code)
	g.State = cmp.Or(l.response.Param("state"), g.State)
	g.DPoP = l.reading.DPoP
	var index map[string]int // of the tokens in the grant
	if len(l.tokens) > 1 {
		index = make(map[string]int, len(l.tokens))
	}
	for _, found := range l.tokens {
		kind, eligible := kindOf(found.Location.Kind(), l.reading.IssuedTokenType)
		if !eligible {
			continue
		}
		budget := found.Budget(x.snapshot.Sizes)
		if i, known := index[found.Token]; known {
			g.Tokens[i].Budget = min(g.Tokens[i].Budget, budget)
			continue
		}
		if index != nil {
			index[found.Token] = len(g.Tokens)
		}
		g.Tokens = append(g.Tokens, enrich.Issued{Raw: found.Token, Kind: kind, Budget: budget})
	}
	return g
}

// isEcho reports whether the backend may have copied a token from the client's request.
func (x *exchange) isEcho(token string) bool { return x.echo.has(token) }

// kindOf returns the kind of a token. A token exchange names every token access_token,
// so its issued_token_type decides (RFC 8693, section 2.2.1). A refresh token is not
// eligible.
func kindOf(kind enrich.Kind, issuedType string) (_ enrich.Kind, eligible bool) {
	switch {
	case kind == enrich.Access && strings.HasSuffix(issuedType, ":id_token"):
		return enrich.ID, true
	case kind == enrich.Access && strings.HasSuffix(issuedType, ":refresh_token"):
		return kind, false
	}
	return kind, true
}

// bearerOf returns the token of an Authorization header with any scheme, and "" if there
// is none.
func bearerOf(h http.Header) string {
	_, token, _ := strings.Cut(h.Get("Authorization"), " ")
	return strings.TrimSpace(token)
}
