package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// forward sends the request to the backend, whose response goes through
// [exchange.respond]: see [newReverseProxy].
func (x *exchange) forward(r *http.Request) {
	x.w.forwarded = true
	x.proxy.reverse.ServeHTTP(&x.w, r)
}

var errResponseTimeout = fmt.Errorf("the backend's whole response took longer than timeouts.response: %w", context.DeadlineExceeded)

// startTimeout returns a context that ends after Timeouts.Response, or when stop
// is called.
func (x *exchange) startTimeout(ctx context.Context) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	x.timeout = time.AfterFunc(x.proxy.options.Timeouts.Response, func() { cancel(errResponseTimeout) })
	return ctx, func() {
		x.timeout.Stop()
		cancel(nil)
	}
}

// stopTimeout is for an upgraded connection, which stays open until one side
// closes it.
func (x *exchange) stopTimeout() {
	if x.timeout != nil {
		x.timeout.Stop()
	}
}

// statusClientGone is the status in the access log if the client did not wait. It
// is never sent. The number is nginx's.
const statusClientGone = 499

// fail answers a request that failed, with the problem of its cause.
func (x *exchange) fail(ctx context.Context, cause error) {
	problem := x.problemOf(ctx, cause)
	if problem.Status == statusClientGone {
		x.w.status = statusClientGone
		// A return would send an empty 200, and a client that only stopped sending
		// would read it.
		panic(http.ErrAbortHandler)
	}
	problem.reply().write(&x.w)
	if problem == problemTimeout || problem == problemUnreachable {
		x.warnBackend(cause)
	}
}

// problemOf returns the problem document for a cause. Nothing else maps causes to
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

// timedOut reports whether the backend was too slow. A backend that cannot be
// connected to is unreachable instead, however long the attempt took.
func timedOut(ctx context.Context, err error) bool {
	if operation, ok := errors.AsType[*net.OpError](err); ok && operation.Op == "dial" {
		return context.Cause(ctx) != nil
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// clientGone reports whether the client left. Our own deadline is another cause.
func clientGone(ctx context.Context) bool {
	return errors.Is(context.Cause(ctx), context.Canceled)
}
