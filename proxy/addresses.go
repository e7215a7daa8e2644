package proxy

import (
	"context"
	"net/http"
	"strings"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// addressEditor returns a function that replaces the addresses in the response to r with
// the address that the client used. Otherwise the client would send its next requests
// directly to the backend.
func (x *exchange) addressEditor(r *http.Request, at []locate.Location) editFunc {
	proto, host := x.publicOrigin(r)
	public := origin{clientSide(proto), clientSide(host)}
	return func(_ context.Context, body []byte) ([]byte, error) {
		return locate.RewriteJSON(body, at, public.replaceIn), nil
	}
}

// varyByOrigin tells caches that a response depends on the address that the client used.
// Otherwise a client could store an address of its choice in the cache of others. With
// a public URL, the response is the same for all.
func (p *Proxy) varyByOrigin(h http.Header) {
	if p.options.PublicURL != nil {
		return
	}
	names := "Host"
	if len(p.options.TrustedProxies) > 0 {
		names += ", X-Forwarded-Host, X-Forwarded-Proto"
	}
	h.Add("Vary", names)
}

// clientSide returns the first of several values of a forwarded header. It is from the
// proxy that the client connected to.
func clientSide(values string) string {
	first, _, _ := strings.Cut(values, ",")
	return strings.TrimSpace(first)
}

// An origin is the scheme and host that clients use.
type origin struct{ scheme, host string }

// replaceIn returns a URL with its scheme and host replaced by this origin. A ws or wss
// URL stays one. Any other text is returned unchanged.
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
