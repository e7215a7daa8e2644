package proxy

import (
	"bytes"
	"strings"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// An echo tells tokens that the backend may have copied from the client's request, for
// example in the address that it redirects to, from those that it issued.
type echo struct{ request locate.Request }

// echoOf returns the echo of a request whose response can have tokens. It is the request
// as the client sent it: an original that is restored in it is not text of the client. Of a
// request that no rule matches it does not keep a large body, because few responses to
// such requests have tokens.
func (x *exchange) echoOf(request locate.Request) echo {
	switch {
	case x.rule != nil && len(x.rule.Tokens) > 0:
		return echo{request}
	case x.snapshot.Rules.forElsewhere() == nil:
		return echo{}
	case len(request.Body) > smallBody:
		request.Body = nil
	}
	return echo{request}
}

// has reports whether a token occurs in the query, the path or the body of the request,
// as it is or percent-encoded. It does not decode a large body, because that copies it.
func (e echo) has(token string) bool {
	body := e.request.Body
	if bytes.Contains(body, []byte(token)) {
		return true
	}
	if len(body) > smallBody {
		body = nil
	}
	return occurs(token, e.request.Query) || occurs(token, e.request.Path) || occurs(token, string(body))
}

// keepsBody reports whether the body of the request stays in memory until the exchange
// ends.
func (e echo) keepsBody() bool { return len(e.request.Body) > 0 }

// keepsAnother reports whether that body is another than the one that is forwarded.
func (e echo) keepsAnother(forwarded []byte) bool {
	return e.keepsBody() && (len(forwarded) == 0 || &forwarded[0] != &e.request.Body[0])
}

// occurs reports whether a token occurs in a text, also in one that is encoded up to
// three times: a redirect_uri in a query can have a query of its own.
func occurs(token, text string) bool {
	for range 3 {
		if strings.Contains(text, token) {
			return true
		}
		text = percentDecoded(text)
	}
	return strings.Contains(text, token)
}
