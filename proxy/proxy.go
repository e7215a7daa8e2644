// Package proxy is the reverse proxy in front of the backend. It knows HTTP,
// and neither token libraries nor databases.
package proxy

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"

	"github.com/tokengraft/tokengraft/enrich"
)

// Options are what a [Proxy] is made of for good. A [Snapshot] is the rest.
type Options struct {
	// Backend is scheme and host of the backend; paths go on as they came.
	Backend *url.URL
	// TLS is how an https backend is spoken to. Nil is the system's way.
	TLS *tls.Config
	// PublicURL is scheme and host that clients type. Optional.
	PublicURL *url.URL
	// TrustedProxies are the peers whose Forwarded, X-Forwarded-* and X-Real-IP
	// headers are believed. Empty is nobody.
	TrustedProxies []netip.Prefix
	Timeouts       Timeouts
	Limits         Limits
	Logger         *slog.Logger // required
	Meter          metric.Meter // optional
	// Tracer traces requests and what enriching them takes, and propagates the
	// W3C trace context to the backend. Nil traces nothing and passes the
	// client's trace context on as it came.
	Tracer trace.Tracer
}

// Timeouts are how long the proxy waits. All but Write are greater than zero.
type Timeouts struct {
	// Dial is for a connection to the backend, and its TLS handshake.
	Dial time.Duration
	// Response is for a request that a rule matches and its whole response, from
	// when the request's header is there. Others wait as long as the client does.
	Response time.Duration
	// Write is how long a client may take nothing of what is written to it. Zero
	// means a minute.
	Write time.Duration
	// Idle is how long an unused connection to the backend is kept. It must be
	// below what the backend keeps, for requests are never retried.
	Idle time.Duration
}

func (t Timeouts) write() time.Duration { return cmp.Or(t.Write, time.Minute) }

// Limits are in bytes. All are greater than zero.
type Limits struct {
	// Body is the largest body that is looked into, decompressed. A larger one
	// streams through.
	Body int64
	// Headers is the largest request header; a larger one is answered 431. It is
	// the largest response header, too; a larger one is answered 502.
	Headers int64
}

// A Proxy is an [http.Handler] in front of one backend.
type Proxy struct {
	o        Options
	snapshot atomic.Pointer[Snapshot]
	reverse  *httputil.ReverseProxy
	meters   meters
	strays   strays
	notices  notices
	shadow   *shadow
}

// New returns a Proxy that works by the snapshot.
func New(o Options, s *Snapshot) (*Proxy, error) {
	if o.Meter == nil {
		o.Meter = noop.Meter{}
	}
	p := &Proxy{o: o, shadow: newShadow()}
	var err error
	if p.meters, err = newMeters(o.Meter); err != nil {
		return nil, err
	}
	p.Use(s)
	p.reverse = &httputil.ReverseProxy{
		Rewrite:        p.rewrite,
		Transport:      newTransport(o),
		ModifyResponse: p.modifyResponse,
		ErrorHandler:   p.proxyError,
		FlushInterval:  -1, // what the backend has written the client shall have
		BufferPool:     &bufferPool{},
		ErrorLog:       slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
	}
	return p, nil
}

// Use makes requests that come from now on work by another snapshot. Those
// under way finish by theirs.
func (p *Proxy) Use(s *Snapshot) {
	for _, rule := range s.Rules.byPattern {
		if len(rule.Tokens) > 0 {
			p.meters.announce(rule)
		}
	}
	p.snapshot.Store(s)
}

// ServeHTTP implements [http.Handler].
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{snapshot: p.snapshot.Load(), began: time.Now(), method: knownMethod(r.Method), path: r.URL.Path, peer: r.RemoteAddr}
	recorder := &recorder{ResponseWriter: w, stall: p.o.Timeouts.write()}
	recorder.relax()
	defer recorder.hurry() // what the server still has to write
	r, span := p.startTrace(r)
	defer func() { p.endTrace(span, x, recorder) }()
	defer p.finish(r.Context(), x, recorder)
	p.serve(recorder, r, x)
}

// finish logs what was answered. After a panic that is an error of our own, or,
// where the answer has begun already, a connection broken off: the rest is not
// to look like an end.
func (p *Proxy) finish(ctx context.Context, x *exchange, w *recorder) {
	fault := recover()
	if fault != nil && fault != http.ErrAbortHandler {
		p.o.Logger.ErrorContext(ctx, "panic while serving a request", "stack", string(debug.Stack()))
		if w.status == 0 {
			problemInternal.write(w)
			fault = nil
		}
	}
	p.logAccess(ctx, x, w)
	if fault != nil {
		panic(http.ErrAbortHandler) // the server's own way to break off
	}
}

func (p *Proxy) serve(w *recorder, r *http.Request, x *exchange) {
	if fault := p.unservable(r); fault != nil {
		fault.write(w)
		return
	}
	endAmbiguity(w, r)
	if x.snapshot.Keys != nil && slices.Contains(x.snapshot.JWKSPaths, cleanPath(r.URL.Path)) {
		serveJWKS(w, r, x.snapshot.Keys)
		return
	}
	x.rule = x.snapshot.Rules.match(r)
	x.edit = p.edit(r, x)
	if x.refusedEarly(r.Method) {
		p.count(r.Context(), x, enrich.Unavailable)
		w.Header().Set("Retry-After", "1")
		problemFailing.write(w)
		return
	}
	p.forward(w, r, x)
}

// unservable returns what is wrong with a request that goes no further.
func (p *Proxy) unservable(r *http.Request) *problem {
	switch {
	case headerSize(r) > p.o.Limits.Headers:
		return &problemHeaders
	case strings.ContainsAny(r.Host, `/\?#@`): // of HTTP/2; net/http refuses HTTP/1's
		return &problemHost
	}
	return nil
}

// forward has the backend answer, within timeouts.response where a rule acts.
func (p *Proxy) forward(w *recorder, r *http.Request, x *exchange) {
	ctx := context.WithValue(r.Context(), exchangeKey{}, x)
	if x.acts() {
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(ctx)
		defer cancel(nil)
		x.timer = time.AfterFunc(p.o.Timeouts.Response, func() { cancel(errResponseTimeout) })
		defer x.timer.Stop()
	}
	r = r.WithContext(ctx) // a copy: the server looks at the body of its own
	if r.Body != http.NoBody {
		trailer := r.Trailer
		r.Body = &clientBody{r.Body, &x.broken, func() { p.distrust(r.RemoteAddr, trailer) }}
	}
	if err := p.prepare(w, r, x); err != nil {
		problemRequest.write(w)
		return
	}
	w.proxied = true
	p.reverse.ServeHTTP(w, r)
}

var errResponseTimeout = fmt.Errorf("the backend's whole response took longer than timeouts.response: %w", context.DeadlineExceeded)

// An exchange is one request and its response on their way through.
type exchange struct {
	snapshot *Snapshot
	rule     *Rule // nil where none matches
	// edit is what becomes of a 200 answer that holds no token; nil for most.
	edit  func(ctx context.Context, body []byte) ([]byte, error)
	began time.Time
	timer *time.Timer // of timeouts.response; nil where no rule acts

	asked  enrich.Grant // what the request says of the tokens to come; zero without a rule
	bearer string       // of a request that deletes its user
	broken atomic.Bool  // the client's body could not be read
	taken  bool         // it was read before the request goes on

	// For the access log: the request as it came.
	method, path, peer string
}

// acts reports whether a rule matches that may do something about the response:
// in shadow it only looks, and the request goes as if none matched.
func (x *exchange) acts() bool { return x.rule != nil && !x.snapshot.Shadow }

// refusedEarly reports whether the request is refused before it is sent on: its
// tokens could not be completed now. A preflight issues none.
func (x *exchange) refusedEarly(method string) bool {
	return x.acts() && x.rule.OnFailure == enrich.Refuse && !x.rule.Mixed &&
		method != http.MethodOptions && method != http.MethodHead &&
		x.snapshot.Failing != nil && x.snapshot.Failing()
}

// endless lifts timeouts.response from a connection that was upgraded: it ends
// when one of its ends wants it to.
func (x *exchange) endless() {
	if x.timer != nil {
		x.timer.Stop()
	}
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange { return ctx.Value(exchangeKey{}).(*exchange) }

// cleanPath is the path as backends read it that take // for /.
func cleanPath(p string) string { return path.Clean("/" + p) }

// headerSize is about what the request's header takes on the wire.
func headerSize(r *http.Request) int64 {
	size := len(r.Method) + len(r.RequestURI) + len(r.Proto) + len(r.Host)
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(value) + len(": \r\n")
		}
	}
	return int64(size)
}

// bufferPool implements [httputil.BufferPool].
type bufferPool struct{ pool sync.Pool }

const copyBuffer = 32 << 10

func (b *bufferPool) Get() []byte {
	if buffer, ok := b.pool.Get().(*[copyBuffer]byte); ok {
		return buffer[:]
	}
	return make([]byte, copyBuffer)
}

func (b *bufferPool) Put(buffer []byte) { b.pool.Put((*[copyBuffer]byte)(buffer)) }
