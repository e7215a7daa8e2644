package proxy

import (
	"cmp"
	"log/slog"
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
func (p *Proxy) setForwarded(pr *httputil.ProxyRequest) {
	peer := pr.In.RemoteAddr
	for name, values := range pr.In.Header {
		if isForwardedHeader(name) {
			pr.Out.Header[name] = values // ReverseProxy has removed the most common ones
		}
	}
	inHeader, inTrailer := p.stripForwarded(peer, pr.Out.Header), p.stripForwarded(peer, pr.Out.Trailer)
	if inHeader || inTrailer {
		p.untrustedPeers.warn(peer)
	}
	pr.SetXForwarded()
	proto, host := p.publicOrigin(pr.In)
	pr.Out.Header.Set("X-Forwarded-Proto", proto)
	pr.Out.Header.Set("X-Forwarded-Host", host)
}

// stripForwarded removes the forwarded headers of an untrusted peer. It reports whether
// there were any.
func (p *Proxy) stripForwarded(peer string, h http.Header) (removed bool) {
	if p.trusts(peer) {
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
func (p *Proxy) publicOrigin(r *http.Request) (proto, host string) {
	if public := p.options.PublicURL; public != nil {
		return public.Scheme, public.Host
	}
	proto, host = "http", r.Host
	if r.TLS != nil {
		proto = "https"
	}
	if p.trusts(r.RemoteAddr) {
		proto = cmp.Or(r.Header.Get("X-Forwarded-Proto"), proto)
		host = cmp.Or(r.Header.Get("X-Forwarded-Host"), host)
	}
	return proto, host
}

// isForwardedHeader reports whether a header describes the client to the backend. It
// treats _ like -, because CGI and similar backends do.
func isForwardedHeader(name string) bool {
	name = http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
	return name == "Forwarded" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded-")
}

// client returns the address of the client: that of the peer, or what trusted proxies say.
// Each of them adds the address of its peer at the end of X-Forwarded-For, so only what is
// before the first trusted one can be invented. client returns the zero Addr if it does not
// know.
func (p *Proxy) client(r *http.Request) netip.Addr {
	address, ok := peerAddress(r.RemoteAddr)
	if !ok || !p.trustsAddress(address) {
		return address
	}
	for _, line := range slices.Backward(r.Header["X-Forwarded-For"]) {
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

// trusts reports whether a peer, as host:port, is a trusted proxy.
func (p *Proxy) trusts(peer string) bool {
	address, ok := peerAddress(peer)
	return ok && p.trustsAddress(address)
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
