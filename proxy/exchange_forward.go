package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// forward has the backend answer: see [newReverseProxy].
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

// stopTimeout is for a connection that was upgraded: it ends when one of its
// ends wants it to.
func (x *exchange) stopTimeout() {
	if x.timeout != nil {
		x.timeout.Stop()
	}
}

// statusClientGone is what the log says of a client that did not wait; it is
// never sent. The number is nginx's.
const statusClientGone = 499

// fail answers a request that failed, with the problem of its cause.
func (x *exchange) fail(ctx context.Context, cause error) {
	problem := x.problemOf(ctx, cause)
	if problem.Status == statusClientGone {
		x.w.status = statusClientGone
		// A return would be an empty 200: a client that merely stopped sending
		// looks the same.
		panic(http.ErrAbortHandler)
	}
	problem.reply().write(&x.w)
	if problem == problemTimeout || problem == problemUnreachable {
		x.warnBackend(cause)
	}
}

// problemOf is the one place where causes become statuses.
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

// timedOut tells a backend that is slow from one that is not there: that one is
// unreachable, however long it took to find out.
func timedOut(ctx context.Context, err error) bool {
	if operation, ok := errors.AsType[*net.OpError](err); ok && operation.Op == "dial" {
		return context.Cause(ctx) != nil
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// clientGone tells a client that left from our own deadline.
func clientGone(ctx context.Context) bool {
	return errors.Is(context.Cause(ctx), context.Canceled)
}
