package proxy

import (
	"log/slog"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
)

// newReverseProxy returns what has the backend answer. Each of its callbacks is
// a step of the exchange that the request belongs to.
func newReverseProxy(o Options) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite:        func(pr *httputil.ProxyRequest) { exchangeOf(pr.In.Context()).rewrite(pr) },
		Transport:      newTransport(o),
		ModifyResponse: func(res *http.Response) error { return exchangeOf(res.Request.Context()).respond(res) },
		ErrorHandler: func(_ http.ResponseWriter, r *http.Request, err error) {
			exchangeOf(r.Context()).fail(r.Context(), err)
		},
		FlushInterval: -1, // what the backend has written goes to the client at once
		BufferPool:    &bufferPool{},
		ErrorLog:      slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
	}
}

// rewrite makes the request to the backend of the one that came.
func (x *exchange) rewrite(pr *httputil.ProxyRequest) {
	out, backend := pr.Out, x.proxy.options.Backend
	out.URL.Scheme = backend.Scheme
	out.URL.Host = backend.Host
	out.URL.RawQuery = pr.In.URL.RawQuery // ReverseProxy drops what it cannot parse
	out.Trailer = pr.In.Trailer           // its copy would not see them come
	keepPath(out, pr.In)
	x.proxy.setForwarded(pr)
	dropProtocolUpgrade(out.Header)
	if x.mayEnrich() || x.edit != nil {
		out.Header.Set("Accept-Encoding", "identity")
	}
	if x.bodyRead {
		out.Header.Del("Expect") // it was met: old backends would only let us wait
	}
}

// keepPath sends the path byte for byte as it came. The URL alone would escape
// some characters again; it does so behind a leading //, which an opaque URL
// takes for the host.
func keepPath(out, in *http.Request) {
	path, _, _ := strings.Cut(in.RequestURI, "?")
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && path != out.URL.EscapedPath() {
		out.URL.Opaque = path
	}
}

// dropProtocolUpgrade asks for no upgrade to another HTTP or to TLS. On such a
// connection the client could send the backend requests that nobody here sees:
// with any X-Forwarded-For, and answers that stay original.
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
