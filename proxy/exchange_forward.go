package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// forward sends the request to the backend and the response to the client. The reverse
// proxy calls [exchange.respond] in between: see [newReverseProxy].
func (x *exchange) forward(r *http.Request) {
	x.w.forwarded, x.w.gated = true, x.gates()
	x.proxy.reverse.ServeHTTP(&x.w, r)
}

var errResponseTimeout = fmt.Errorf("the complete response of the backend took longer than timeouts.response: %w", context.DeadlineExceeded)

// withCancel returns a context that ends after the timeout that startTimeout starts, or
// when [exchange.stop] is called.
func (x *exchange) withCancel(ctx context.Context) context.Context {
	ctx, x.cancel = context.WithCancelCause(ctx)
	return ctx
}

// stop ends the context that withCancel returned, if it was called.
func (x *exchange) stop() {
	if x.cancel != nil {
		x.stopTimeout()
		x.cancel(nil)
	}
}

// startTimeout ends the request after Timeouts.Response, if that has not been started yet.
func (x *exchange) startTimeout() {
	if x.timeout != nil {
		return
	}
	x.timeout = time.AfterFunc(x.proxy.options.Timeouts.Response, func() { x.cancel(errResponseTimeout) })
}

// stopTimeout removes the timeout of a response that no rule can change any more, such as
// that of an upgraded connection, which stays open until one side closes it.
func (x *exchange) stopTimeout() {
	if x.timeout != nil {
		x.timeout.Stop()
	}
}

// statusClientGone is the status in the access log if the client closed the connection
// before the response. It is never sent. nginx uses the same number.
const statusClientGone = 499

// fail answers a request that failed, with the problem of its cause.
func (x *exchange) fail(r *http.Request, cause error) {
	problem := x.problemOf(r.Context(), cause)
	if problem.Status == statusClientGone {
		x.w.status = statusClientGone
		// Returning would send an empty 200. A client that has only closed its sending
		// side would take that for the response.
		panic(http.ErrAbortHandler)
	}
	x.writeProblem(r, problem)
	if problem == problemTimeout || problem == problemUnreachable {
		x.warnBackend(cause)
	}
}

// writeProblem answers with a problem, at the path of a Local in the way of the Local.
func (x *exchange) writeProblem(r *http.Request, p problem) {
	if !x.local.refuse(&x.w, r, p) {
		p.reply().Write(&x.w)
	}
}

// problemOf returns the problem for a cause. This is the only place that maps causes to
// statuses.
func (x *exchange) problemOf(ctx context.Context, cause error) problem {
	own, isOwn := errors.AsType[problem](cause)
	switch {
	case isOwn:
		return own
	case clientGone(ctx):
		return problem{Status: statusClientGone}
	case x.bodyBroken.Load():
		return problemRequest
	case timedOut(ctx, cause):
		return problemTimeout
	}
	return problemUnreachable
}

// timedOut reports whether the backend was too slow. If connecting to the backend timed
// out, the backend is unreachable instead.
func timedOut(ctx context.Context, err error) bool {
	if operation, ok := errors.AsType[*net.OpError](err); ok && operation.Op == "dial" {
		return context.Cause(ctx) != nil
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// clientGone reports whether the client closed the connection. The proxy's own timeout
// has another cause.
func clientGone(ctx context.Context) bool {
	return errors.Is(context.Cause(ctx), context.Canceled)
}
