package proxy

import (
	"context"
	"net/http"
	"strings"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// publish returns what makes the addresses in an answer to r lead back here,
// whatever they were: a client that took the backend's own would go past the
// sidecar from then on.
func (p *Proxy) publish(r *http.Request, at []locate.Location) func(context.Context, []byte) ([]byte, error) {
	proto, host := p.typed(r)
	public := address{outermost(proto), outermost(host)}
	return func(_ context.Context, body []byte) ([]byte, error) {
		return locate.Rewrite(body, at, public.instead), nil
	}
}

// outermost is the first of what several proxies say: the client itself talked
// to that one.
func outermost(said string) string {
	first, _, _ := strings.Cut(said, ",")
	return strings.TrimSpace(first)
}

// An address is where clients come in.
type address struct{ scheme, host string }

// instead returns a URL with this address in the place of its own; a WebSocket
// stays one. What is no such URL stays as it is.
func (a address) instead(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return url
	}
	secure := ""
	if strings.EqualFold(a.scheme, "https") {
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
	return scheme + secure + "://" + a.host + path
}
