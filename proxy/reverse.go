package proxy

import (
	"io"
	"maps"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"sync"

	"github.com/tokengraft/tokengraft/internal/loglimit"
	"github.com/tokengraft/tokengraft/proxy/internal/http1"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// newReverseProxy returns the reverse proxy that forwards requests to the backend. Each
// of its callbacks calls a method of the request's exchange.
func newReverseProxy(o Options, names *headerNames, measured *httpMetrics) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite:   func(pr *httputil.ProxyRequest) { exchangeOf(pr.In.Context()).rewrite(pr) },
		Transport: newTransport(o, names, measured),
		ModifyResponse: func(res *http.Response) error {
			x := exchangeOf(res.Request.Context())
			defer x.streamFrom(res, res.Body)
			defer x.responded(res)
			if err := x.respond(res); err != nil {
				return err
			}
			x.diagnoseResponse(res)
			x.w.takeHeader(res)
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, r *http.Request, err error) {
			exchangeOf(r.Context()).fail(r, err)
		},
		// No FlushInterval: see streamFrom.
		BufferPool: &bufferPool{},
		ErrorLog:   loglimit.NewErrorLog(o.Logger),
	}
}

// rewrite makes the request to the backend.
func (x *exchange) rewrite(pr *httputil.ProxyRequest) {
	out, backend := pr.Out, x.proxy.options.Backend
	out.URL.Scheme = backend.Scheme
	out.URL.Host = backend.Host
	out.URL.RawQuery = pr.In.URL.RawQuery // ReverseProxy removes parameters that it cannot parse
	out.Trailer = pr.In.Trailer           // the same map, which is filled after the body was read
	keepPath(out, pr.In)
	x.setForwarded(pr)
	dropProtocolUpgrade(out.Header)
	if x.readsBody() {
		out.Header.Set("Accept-Encoding", "identity")
	}
	switch rule := x.snapshot.Rules.forElsewhere(); {
	case x.gates():
		askWhole(out.Header)
	case rule != nil && rule.Gate && !x.snapshot.Shadow:
		dropRange(out.Header)
	}
	if x.bodyRead {
		out.Header.Del("Expect") // the body is here; old backends never send 100 Continue
		if out.Body != nil {
			out.Body = http1.InMemory{ReadCloser: out.Body}
		}
	}
	maps.Copy(out.Header, x.user)
}

// streamFrom decides when the response goes to the client (law A1). body is the backend's.
// If it says when it waits, everything is sent before it waits, and not earlier: so a
// complete response is one write. Every part of another response is sent immediately.
func (x *exchange) streamFrom(res *http.Response, body io.Reader) {
	source, waits := body.(http1.Waiter)
	switch {
	case res.StatusCode == http.StatusSwitchingProtocols:
	case x.readsAhead, !waits && body != http.NoBody:
		res.ContentLength = -1 // ReverseProxy sends every part of such a response immediately
	case waits:
		x.w.waits = true
		streams := source.OnWait(&x.w)
		if streams && res.ContentLength >= largeResponse && x.account.takeLarge(wideBuffer) {
			source.Widen(wideBuffer)
		}
		fallthrough
	case res.ContentLength < 0:
		res.ContentLength = 0 // so that it does not: this takes a timer and a goroutine
	}
}

// readsBody reports whether the proxy looks at the body of the response even if its header
// has no token.
func (x *exchange) readsBody() bool {
	inBody := func(loc locate.Location) bool { return loc.InBody() }
	return x.edit != nil || x.gates() || x.mayEnrich() && slices.ContainsFunc(x.rule.Tokens, inBody)
}

// keepPath keeps the path of the client's request byte for byte. URL.Path alone would
// escape some characters differently, so keepPath sets URL.Opaque.
func keepPath(out, in *http.Request) {
	if path := forwardedPath(in); path != out.URL.EscapedPath() {
		out.URL.Opaque = path
	}
}

// forwardedPath returns the path of a request as the backend gets it: as the client
// spelled it. A path that starts with // is escaped by package url, because an opaque URL
// would take its start for a host.
func forwardedPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") {
		return path
	}
	return r.URL.EscapedPath()
}

// dropProtocolUpgrade removes a request to upgrade to another version of HTTP or to TLS.
// On such a connection the client could send requests that bypass the proxy, with any
// X-Forwarded-For and without enrichment.
func dropProtocolUpgrade(h http.Header) {
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

// bufferPool implements [httputil.BufferPool].
type bufferPool struct{ pool sync.Pool }

const copyBuffer = 32 << 10

// Get implements [httputil.BufferPool].
func (b *bufferPool) Get() []byte {
	if buffer, ok := b.pool.Get().(*[copyBuffer]byte); ok {
		return buffer[:]
	}
	return make([]byte, copyBuffer)
}

// Put implements [httputil.BufferPool].
func (b *bufferPool) Put(buffer []byte) { b.pool.Put((*[copyBuffer]byte)(buffer)) }
