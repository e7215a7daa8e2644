package proxy

import (
	"context"
	"net/http"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/budget"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// An exchange is one request and its response, from the header of the request to the
// line in the access log. These are its steps, in order:
//
//	serve     check the request, find its rule            exchange.go
//	admit     take the memory that it needs               overload.go
//	addUser   ask for the headers about its user          exchange_user.go
//	restore   replace enriched tokens with originals      exchange_restore.go
//	awaitTurn wait until fewer are at the backend         overload.go
//	forward   send the request to the backend             exchange_forward.go
//	respond   locate tokens, enrich them, write them      exchange_respond.go, enrichment.go
//	gate      or refuse what was not accepted             exchange_gate.go
//	finish    write the access log                        exchange.go
//
// A request for a [Local] is answered after admit (exchange_local.go).
// In shadow mode, respond calls observe instead (exchange_shadow.go). For a response
// that is edited and has no tokens, respond calls editBody (exchange_edit.go).
type exchange struct {
	proxy    *Proxy
	snapshot *Snapshot
	w        responseWriter
	ctx      exchangeContext // of the request that is forwarded

	rule    *Rule                   // nil if none matches
	local   *Local                  // that answers; nil if the backend does
	user    http.Header             // about the user, for the backend; nil if there is none
	edit    editFunc                // nil if the body of the response is not edited
	timeout *time.Timer             // of Timeouts.Response; nil if no rule can change the response
	cancel  context.CancelCauseFunc // ends the request; nil if no rule can change the response

	signIn     locate.Classification // of a request that may issue tokens; zero without a rule
	echo       echo
	offered    locate.Offered     // the subprotocols in which tokens were restored
	restored   map[string]string  // the tokens that the client sent, by the originals that the backend got
	provider   string             // the value of {provider} in the path
	sent       map[tokenHash]bool // the tokens that the client sent to a gate
	requested  enrich.Grant       // the part of the grant that is known from the request; zero without a rule
	bearer     string             // the bearer token of a request that deletes its user
	bodyRead   bool               // the body of the request was read before the request was forwarded
	bodyBroken atomic.Bool        // the body of the request could not be read
	bodyEnded  atomic.Bool        // the body of the request has arrived

	upload   *upload // the body of the request; nil if it is not searched
	shapedAs string  // see shape

	readsAhead  bool // a read of the response's body runs in the background: see pausable
	aborted     bool // the response was cut off
	backendKeys bool // the response is the backend's own JWK Set

	account  account     // the memory that the exchange has taken
	reserved bool        // responseReserve is in it
	hasTurn  atomic.Bool // the exchange has a turn at the backend

	header    requestHeader
	client    client
	forwarded [3]string // the values of setForwarded, here so that they are not allocated

	reasons reasonsSeen // for the access log
	// For the access log, from the client's request.
	began              time.Time
	method, path, peer string
}

func newExchange(p *Proxy, w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{
		proxy:    p,
		snapshot: p.snapshot.Load(),
		w:        responseWriter{ResponseWriter: w, writeTimeout: p.options.Timeouts.Write, http1: r.ProtoMajor == 1},
		header:   readHeader(r),
		client:   p.clientOf(r),
		began:    time.Now(),
		method:   knownMethod(r.Method),
		path:     r.URL.Path,
		peer:     r.RemoteAddr,
		account:  account{responses: p.options.Responses},
	}
	x.account.memory = p.options.ClientMemory(x.client.address)
	if x.w.http1 {
		x.w.names = p.names
	}
	return x
}

// run serves a request from start to end.
func (x *exchange) run(r *http.Request) {
	x.w.startWrites(r)
	defer x.account.close()
	defer x.w.armWriteDeadline() // for the rest of the response, which the server writes
	defer x.finish(r)
	if err := x.serve(r); err != nil {
		x.fail(r, err)
	}
}

// serve answers the request itself, or forwards it to the backend.
func (x *exchange) serve(r *http.Request) error {
	x.local = x.snapshot.locals.find(r)
	if err := x.check(r); err != nil {
		return err
	}
	x.w.closes = closesConn(r)
	if answered, err := x.answerJWKS(r); answered {
		return err
	}
	if x.local != nil {
		return x.answerLocal(r)
	}
	if err := x.findRule(r); err != nil {
		return err
	}
	x.provider = x.rule.provider(r)
	x.edit = x.editor(r)
	if x.refusesEarly(r.Method) {
		x.count(r.Context(), enrich.Unavailable)
		if x.gates() {
			x.countGate(r.Context(), refusedSource)
		}
		x.w.Header().Set("Retry-After", "1")
		x.refusal(problemFailing).Write(&x.w)
		return nil
	}
	if err := x.admit(r); err != nil {
		return err
	}
	r = x.prepare(r)
	defer x.stop()
	if err := x.addUser(r); err != nil {
		return err
	}
	if err := x.restore(r); err != nil {
		return x.bodyProblem(r, err)
	}
	if err := x.awaitTurn(r); err != nil {
		return err
	}
	defer x.leaveTurn()
	defer x.limitTurn(r)()
	x.forward(r)
	return nil
}

// check returns the problem of a request that must not be forwarded.
func (x *exchange) check(r *http.Request) error {
	switch {
	case x.header.size > x.proxy.options.Limits.Headers || x.header.lines > MaxHeaderLines:
		x.proxy.refusals.Count(r.Context(), budget.Headers)
		return problemHeaders
	case strings.ContainsAny(r.Host, `/\?#@`): // only over HTTP/2; net/http checks this over HTTP/1
		return problemHost
	case strings.IndexByte(r.RequestURI, ' ') >= 0: // only over HTTP/2; some backends would take what is before it for the target
		return problemTarget
	}
	return nil
}

// closesConn reports whether to close the connection after a request, because it is a
// chunked one of HTTP/1. Such a request may also have a Content-Length, which net/http
// hides. Then a proxy in front of this one may disagree about where the body ends, so RFC
// 9112, section 6.1, requires closing the connection.
func closesConn(r *http.Request) bool { return r.ProtoMajor == 1 && len(r.TransferEncoding) > 0 }

// mayEnrich reports whether a rule can change the response. In shadow mode no rule can,
// so the request is forwarded as if no rule matched.
func (x *exchange) mayEnrich() bool { return x.rule.changesResponses() && !x.snapshot.Shadow }

// refusesEarly reports whether to refuse the request before it is forwarded, because its
// tokens could not be enriched at the moment. OPTIONS and HEAD issue no tokens.
func (x *exchange) refusesEarly(method string) bool {
	return x.mayEnrich() && (x.rule.OnFailure == enrich.Refuse || x.rule.Gate) && !x.rule.Mixed &&
		method != http.MethodOptions && method != http.MethodHead &&
		x.snapshot.Failing != nil && x.snapshot.Failing()
}

// prepare returns a copy of the request for the reverse proxy. The context of the copy
// has the exchange, and ends after Timeouts.Response if a rule can change the response. A
// rule for the headers of all paths waits as long as the client does, unless it finds a
// token: see [exchange.locate].
// Its header is the one that is forwarded, without what Connection names and what only the
// proxy may send, so that every later step decides by what the backend gets. Its body records whether reading it
// failed. prepare does not change r, because the server still uses the body of r.
func (x *exchange) prepare(r *http.Request) *http.Request {
	x.ctx = exchangeContext{r.Context(), x}
	ctx := context.Context(&x.ctx)
	if x.mayEnrich() || x.snapshot.Rules.forElsewhere() != nil {
		ctx = x.withCancel(ctx)
	}
	if x.mayEnrich() && !x.rule.forHeadersAnywhere() {
		x.startTimeout()
	}
	r = r.WithContext(ctx)
	r.Header = x.snapshot.forwards.strip(withoutHopByHop(r.Header))
	x.snapshot.forwards.stripTrailer(r.Trailer)
	if r.Body != http.NoBody {
		r.Body = &requestBody{r.Body, x, r.Trailer}
	}
	return r
}

// An exchangeContext is the context of the client's request, with its exchange. It is a part
// of the exchange, so it is not allocated.
type exchangeContext struct {
	context.Context
	exchange *exchange
}

type exchangeKey struct{}

// Value implements [context.Context].
func (c *exchangeContext) Value(key any) any {
	if key == (exchangeKey{}) {
		return c.exchange
	}
	return c.Context.Value(key)
}

// exchangeOf returns the exchange of a request that [exchange.prepare] returned.
func exchangeOf(ctx context.Context) *exchange { return ctx.Value(exchangeKey{}).(*exchange) }

// finish writes the access log. After a panic it answers with an internal error. If a
// part of the response has already been sent, it closes the connection instead, so that
// the client does not take the response for complete.
func (x *exchange) finish(r *http.Request) {
	fault := recover()
	ctx := r.Context()
	if fault != nil && fault != http.ErrAbortHandler {
		x.proxy.options.Logger.ErrorContext(ctx, "panic while serving a request: this is a bug, report the stack", "stack", string(debug.Stack()))
		if x.w.status == 0 {
			x.writeProblem(r, problemInternal)
			fault = nil
		}
	}
	x.logAccess(ctx)
	x.observeAnswered()
	if fault != nil {
		x.aborted = true
		x.w.flushWritten()          // the client gets what the backend sent
		panic(http.ErrAbortHandler) // makes net/http close the connection
	}
}

// pattern returns the pattern of the exchange's rule or Local, and "" without one.
func (x *exchange) pattern() string {
	switch {
	case x.local != nil:
		return x.local.Pattern
	case x.rule != nil:
		return x.rule.Pattern
	}
	return ""
}

// route returns the path of that pattern.
func (x *exchange) route() string {
	if x.rule != nil {
		return x.rule.route // made once
	}
	return x.pattern()
}

// MaxHeaderLines is how many lines the header of a request may have. A request with more
// gets 431. Browsers and proxies send about 30. Each line takes far more memory than its
// bytes.
const MaxHeaderLines = 256

// A requestHeader is what every request is asked about its header. It is read once, because
// iterating over a map costs more than each of the questions.
type requestHeader struct {
	size, lines int64
	forwarded   bool // a field describes the client: see [isForwardedHeader]
}

// readHeader reads the header of a client's request. The size is approximate, in bytes.
func readHeader(r *http.Request) (h requestHeader) {
	size, lines := len(r.Method)+len(r.RequestURI)+len(r.Proto)+len(r.Host), 0
	for name, values := range r.Header {
		lines += len(values)
		for _, value := range values {
			size += len(name) + len(value) + len(": \r\n")
		}
		h.forwarded = h.forwarded || isForwardedHeader(name)
	}
	h.size, h.lines = int64(size), int64(lines)
	return h
}
