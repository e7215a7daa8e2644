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

// rewrite makes the request to the backend of the one that came.
func (p *Proxy) rewrite(pr *httputil.ProxyRequest) {
	out := pr.Out
	out.URL.Scheme = p.o.Backend.Scheme
	out.URL.Host = p.o.Backend.Host
	out.URL.RawQuery = pr.In.URL.RawQuery // ReverseProxy drops what it cannot parse
	out.Trailer = pr.In.Trailer           // its copy would not see them come
	keepPath(out, pr.In)
	p.forwarded(pr)
	stayHTTP1(out.Header)
	x := exchangeOf(pr.In.Context())
	if x.acts() || x.edit != nil {
		out.Header.Set("Accept-Encoding", "identity")
	}
	if x.taken {
		out.Header.Del("Expect") // it was met: old backends would only let us wait
	}
}

// keepPath sends the path byte for byte as it came. The URL alone would escape
// some characters anew; it does so behind a leading //, which an opaque URL
// takes for the host.
func keepPath(out, in *http.Request) {
	path, _, _ := strings.Cut(in.RequestURI, "?")
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && path != out.URL.EscapedPath() {
		out.URL.Opaque = path
	}
}

// stayHTTP1 asks for no upgrade to another HTTP or to TLS. On such a connection
// the client could send the backend requests that nobody here sees: with
// X-Forwarded-For as it likes, and answers that stay original.
func stayHTTP1(h http.Header) {
	for protocol := range strings.SplitSeq(strings.ToLower(h.Get("Upgrade")), ",") {
		protocol, _, _ = strings.Cut(strings.TrimSpace(protocol), "/")
		switch protocol {
		case "h2c", "h2", "http", "tls":
			h.Del("Upgrade")
			h.Del("Connection")
			h.Del("Http2-Settings")
		}
	}
}

// forwarded tells the backend who asks and what was typed. What untrusted peers
// say of that is dropped.
func (p *Proxy) forwarded(pr *httputil.ProxyRequest) {
	peer := pr.In.RemoteAddr
	for name, values := range pr.In.Header {
		if tellsOfClient(name) {
			pr.Out.Header[name] = values // ReverseProxy has dropped the commonest
		}
	}
	inHeader, inTrailer := p.distrust(peer, pr.Out.Header), p.distrust(peer, pr.Out.Trailer)
	if inHeader || inTrailer {
		p.strays.warn(p.o.Logger, peer)
	}
	pr.SetXForwarded()
	proto, host := p.typed(pr.In)
	pr.Out.Header.Set("X-Forwarded-Proto", proto)
	pr.Out.Header.Set("X-Forwarded-Host", host)
}

// distrust drops what an untrusted peer says of the client, and reports whether
// there was something.
func (p *Proxy) distrust(peer string, h http.Header) (dropped bool) {
	if p.trusts(peer) {
		return false
	}
	for name := range h {
		if tellsOfClient(name) {
			delete(h, name)
			dropped = true
		}
	}
	return dropped
}

// typed is what the client typed to come here, as far as that is known.
func (p *Proxy) typed(r *http.Request) (proto, host string) {
	if public := p.o.PublicURL; public != nil {
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

// tellsOfClient reports whether a header says for whom a request is made. To
// backends that make variables of headers, as CGI does, _ is -.
func tellsOfClient(name string) bool {
	name = http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
	return name == "Forwarded" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded-")
}

func (p *Proxy) trusts(peer string) bool {
	address, ok := peerAddress(peer)
	if !ok {
		return false
	}
	for _, prefix := range p.o.TrustedProxies {
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

// strays warns of each peer once, but of no more than so many.
type strays struct {
	mu   sync.Mutex
	seen map[netip.Addr]bool
}

const maxStrays = 100

func (s *strays) warn(logger *slog.Logger, peer string) {
	address, _ := peerAddress(peer)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[address] || len(s.seen) >= maxStrays {
		return
	}
	if s.seen == nil {
		s.seen = map[netip.Addr]bool{}
	}
	s.seen[address] = true
	logger.Warn("dropped the X-Forwarded-* headers of a peer that is not trusted: name it in trusted_proxies if it is a proxy of yours", "peer", address.String())
}
