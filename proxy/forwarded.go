package proxy

import (
	"cmp"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// setForwarded sets the X-Forwarded-* headers of the request to the backend: the
// client's address, and the scheme and host that the client used. It removes such
// headers of untrusted peers.
func (x *exchange) setForwarded(pr *httputil.ProxyRequest) {
	out := pr.Out.Header
	if x.header.forwarded {
		for name, values := range pr.In.Header {
			if isForwardedHeader(name) {
				out[name] = values // ReverseProxy has removed the most common ones
			}
		}
	}
	inHeader, inTrailer := x.header.forwarded && x.stripForwarded(out), x.stripForwarded(pr.Out.Trailer)
	if inHeader || inTrailer {
		x.proxy.untrustedPeers.warn(x.peer)
	}
	proto, host := x.publicOrigin(pr.In)
	x.forwarded = [...]string{forwardedFor(out, pr.In.RemoteAddr), proto, host}
	lines := x.forwarded[:]
	out["X-Forwarded-For"] = lines[0:1:1]
	out["X-Forwarded-Proto"] = lines[1:2:2]
	out["X-Forwarded-Host"] = lines[2:3:3]
	if lines[0] == "" {
		delete(out, "X-Forwarded-For")
	}
}

// forwardedFor returns X-Forwarded-For with the address of the peer at the end, and "" if it
// is not known.
func forwardedFor(h http.Header, peer string) string {
	address, _, err := net.SplitHostPort(peer)
	if before := h["X-Forwarded-For"]; err == nil && len(before) > 0 {
		return strings.Join(before, ", ") + ", " + address
	}
	return address
}

// stripForwarded removes the forwarded headers of an untrusted peer. It reports whether
// there were any.
func (x *exchange) stripForwarded(h http.Header) (removed bool) {
	if x.client.trusted {
		return false
	}
	for name := range h {
		if isForwardedHeader(name) {
			delete(h, name)
			removed = true
		}
	}
	return removed
}

// publicOrigin returns the scheme and host that the client used. Each may be a list, if
// several trusted proxies have added a value.
func (x *exchange) publicOrigin(r *http.Request) (proto, host string) {
	if public := x.proxy.options.PublicURL; public != nil {
		return public.Scheme, public.Host
	}
	proto, host = "http", r.Host
	if r.TLS != nil {
		proto = "https"
	}
	if x.client.trusted {
		proto = cmp.Or(r.Header.Get("X-Forwarded-Proto"), proto)
		host = cmp.Or(r.Header.Get("X-Forwarded-Host"), host)
	}
	return proto, host
}

// isForwardedHeader reports whether a header describes the client to the backend. It
// treats _ like -, because CGI and similar backends do. It is called for every field, so it
// makes no copy of the name.
func isForwardedHeader(name string) bool {
	switch {
	case len(name) < len("Forwarded"):
		return false
	case len(name) == len("Forwarded"):
		return spelledLike(name, "forwarded") || spelledLike(name, "x-real-ip")
	}
	return len(name) >= len("X-Forwarded-") && spelledLike(name[:len("X-Forwarded-")], "x-forwarded-")
}

// spelledLike reports whether a name is a lower-case one of the same length, in any case and
// with - or _.
func spelledLike(name, lower string) bool {
	for i := range len(lower) {
		c := name[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case c == '_':
			c = '-'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// A client is who sent a request.
type client struct {
	address netip.Addr // zero if it is not known
	trusted bool       // the peer is one of Options.TrustedProxies
}

// clientOf returns the client of a request: the peer, or what trusted proxies say.
// Each of them adds the address of its peer at the end of X-Forwarded-For, so only what is
// before the first trusted one can be invented.
func (p *Proxy) clientOf(r *http.Request) client {
	address, ok := peerAddress(r.RemoteAddr)
	if !ok || !p.trustsAddress(address) {
		return client{address: address}
	}
	return client{p.forwardedClient(address, r.Header["X-Forwarded-For"]), true}
}

// forwardedClient returns the address of the client behind a trusted proxy.
func (p *Proxy) forwardedClient(address netip.Addr, lines []string) netip.Addr {
	for _, line := range slices.Backward(lines) {
		for rest := line; rest != ""; {
			comma := strings.LastIndexByte(rest, ',')
			before, ok := forwardedAddress(strings.TrimSpace(rest[comma+1:]))
			if !ok {
				return address
			}
			if address = before; !p.trustsAddress(address) {
				return address
			}
			rest = rest[:max(comma, 0)]
		}
	}
	return address
}

// forwardedAddress parses an address in X-Forwarded-For. Some proxies add the port of the
// client to it.
func forwardedAddress(text string) (netip.Addr, bool) {
	if address, err := netip.ParseAddr(text); err == nil {
		return address.Unmap().WithZone(""), true
	}
	return peerAddress(text)
}

func (p *Proxy) trustsAddress(address netip.Addr) bool {
	for _, prefix := range p.options.TrustedProxies {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

func peerAddress(peer string) (netip.Addr, bool) {
	addrPort, err := netip.ParseAddrPort(peer)
	return addrPort.Addr().Unmap().WithZone(""), err == nil
}

// untrustedPeers logs one warning for each peer whose headers were removed, and at most
// maxUntrustedPeers in total.
type untrustedPeers struct {
	logger *slog.Logger

	mu   sync.Mutex
	seen map[netip.Addr]bool
}

const maxUntrustedPeers = 100

func (u *untrustedPeers) warn(peer string) {
	address, _ := peerAddress(peer)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.seen[address] || len(u.seen) >= maxUntrustedPeers {
		return
	}
	if u.seen == nil {
		u.seen = map[netip.Addr]bool{}
	}
	u.seen[address] = true
	u.logger.Warn("removed the X-Forwarded-* headers of an untrusted peer. If it is your proxy, add its address to trusted_proxies", "peer", address.String())
}
