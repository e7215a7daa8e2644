package proxy

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strings"
	"sync"
)

// setForwarded tells the backend who asks and what was typed. What untrusted
// peers say of that is dropped.
func (p *Proxy) setForwarded(pr *httputil.ProxyRequest) {
	peer := pr.In.RemoteAddr
	for name, values := range pr.In.Header {
		if isForwardedHeader(name) {
			pr.Out.Header[name] = values // ReverseProxy has dropped the commonest
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

// stripForwarded drops what an untrusted peer says of the client, and reports
// whether there was something.
func (p *Proxy) stripForwarded(peer string, h http.Header) (dropped bool) {
	if p.trusts(peer) {
		return false
	}
	for name := range h {
		if isForwardedHeader(name) {
			delete(h, name)
			dropped = true
		}
	}
	return dropped
}

// publicOrigin is what the client typed to come here, as far as that is known.
// Several proxies may each have added a value.
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

// isForwardedHeader reports whether a header says for whom a request is made. To
// backends that make variables of headers, as CGI does, _ is -.
func isForwardedHeader(name string) bool {
	name = http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
	return name == "Forwarded" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded-")
}

func (p *Proxy) trusts(peer string) bool {
	address, ok := peerAddress(peer)
	if !ok {
		return false
	}
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

// untrustedPeers warns of each peer whose headers were dropped once, but of no
// more than maxUntrustedPeers.
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
	u.logger.Warn("dropped the X-Forwarded-* headers of a peer that is not trusted: name it in trusted_proxies if it is a proxy of yours", "peer", address.String())
}
