package proxy

import (
	"net/http"
	"net/url"
	"time"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// Decode removes the content codings of a body.
func Decode(body []byte, codings string, limit int64) ([]byte, error) {
	return decode(body, contentCodings(http.Header{"Content-Encoding": {codings}}), limit)
}

// Route reports whether a request is a gate's, and whether it is refused because of the
// spelling of its path.
func (rs *Rules) Route(method, target string) (gated, refused bool) {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return false, true // net/http refuses it
	}
	rule, refused := rs.route(&http.Request{Method: method, Host: "h", URL: u, RequestURI: target})
	return rule != nil && rule.Gate, refused
}

// Gates returns the patterns of the rules that are gates, sorted.
func (rs *Rules) Gates() []string { return rs.gates.patterns }

// Find finds the rule of a request.
func (rs *Rules) Find(r *http.Request) { rs.route(r) }

// MayMatch reports whether the tree of paths says that a rule may match a request, and whether
// the mux finds one.
func (rs *Rules) MayMatch(r *http.Request) (may, matches bool) {
	_, pattern := rs.mux.Handler(r)
	return rs.paths.mayMatch(r), pattern != ""
}

// IsForwardedHeader reports whether a header describes the client.
func IsForwardedHeader(name string) bool { return isForwardedHeader(name) }

// WithWriteTimeout returns a writer as the proxy uses it for the response to a request.
func WithWriteTimeout(w http.ResponseWriter, r *http.Request, timeout time.Duration) http.ResponseWriter {
	writer := &responseWriter{ResponseWriter: w, writeTimeout: timeout, http1: r.ProtoMajor == 1}
	writer.startWrites(r)
	return writer
}

// UseTransport replaces the transport of a proxy, so that a benchmark measures what the proxy
// itself costs.
func UseTransport(p *Proxy, t http.RoundTripper) {
	p.reverse.Transport = measuredTransport{t, p.http}
}

// KnownNames returns how many spellings of header names a proxy remembers.
func KnownNames(p *Proxy) int { return len(p.names.table.Load().seen) }

// Note notes a request and the status of its response for the rules that match nothing.
func Note(p *Proxy, method, path string, status int) {
	r := &http.Request{Method: method, Host: "h", URL: &url.URL{Path: path}}
	x := &exchange{proxy: p, snapshot: p.snapshot.Load(), method: knownMethod(method), path: path}
	x.rule = x.snapshot.Rules.match(r)
	p.diagnosis.unused.note(x, status)
}

// DiagnosedShapes returns how many shapes of requests a diagnosis tells apart.
func DiagnosedShapes(p *Proxy) int {
	p.diagnosis.shapes.mu.Lock()
	defer p.diagnosis.shapes.mu.Unlock()
	return len(p.diagnosis.shapes.of)
}

// DiagnoseMessages returns a function that diagnoses a request and its response again and
// again.
func DiagnoseMessages(p *Proxy, res *http.Response) func() {
	x := &exchange{proxy: p, snapshot: p.snapshot.Load(), method: "GET", path: "/a/b"}
	request := locate.Request{Header: res.Header}
	return func() {
		x.diagnoseRequest(res.Request, request)
		x.diagnoseResponse(res)
	}
}

// ShapeOf returns the shape of a request.
func ShapeOf(method, path string) string { return shapeOf(method, path) }

// Copying returns how many responses a diagnosis copies.
func Copying(p *Proxy) int64 { return p.diagnosis.copying.Load() }
