package proxy

import (
	"context"
	"net/http"
	"strings"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// addressEditor returns what makes the addresses in an answer to r lead back
// here, whatever they were: a client that took the backend's own would bypass the
// proxy from then on.
func (p *Proxy) addressEditor(r *http.Request, at []locate.Location) editFunc {
	proto, host := p.publicOrigin(r)
	public := origin{clientSide(proto), clientSide(host)}
	return func(_ context.Context, body []byte) ([]byte, error) {
		return locate.RewriteJSON(body, at, public.replaceIn), nil
	}
}

// clientSide is the first of the values that several proxies have added: that
// proxy talked to the client itself.
func clientSide(values string) string {
	first, _, _ := strings.Cut(values, ",")
	return strings.TrimSpace(first)
}

// An origin is the address that clients use.
type origin struct{ scheme, host string }

// replaceIn returns a URL with this origin in the place of its own; a WebSocket
// stays one. What is not such a URL stays as it is.
func (o origin) replaceIn(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return url
	}
	secure := ""
	if strings.EqualFold(o.scheme, "https") {
		secure = "s"
	}
	switch strings.ToLower(scheme) {
	case "http", "https":
		scheme = "http"
	case "ws", "wss":
		scheme = "ws"
	default:
		return url
	}
	path := ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		path = rest[i:]
	}
	return scheme + secure + "://" + o.host + path
}
