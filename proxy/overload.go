package proxy

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/tokengraft/tokengraft/internal/budget"
)

// admit takes the memory that a request needs until its end. Its error means that there
// is none; the backend was not asked.
func (x *exchange) admit(r *http.Request) error {
	cost := requestCost + x.header.size + x.header.lines*headerLineCost
	if x.edit != nil || x.mayRespond() {
		x.reserved = true
		cost += responseReserve
	}
	take := x.account.take
	if !x.rule.changesResponses() {
		take = x.account.takeLarge // streams may last long, so they leave a part to logins
	}
	if !take(cost) {
		return x.overloaded(r.Context(), budget.Memory)
	}
	return nil
}

// mayRespond reports whether the proxy may read the response, in shadow mode too.
func (x *exchange) mayRespond() bool { return x.rule != nil && (len(x.rule.Tokens) > 0 || x.rule.Gate) }

// turnTimeout is how long a request waits for its turn at the backend.
const turnTimeout = time.Second

// awaitTurn waits for the request's turn at the backend. The exchange leaves its turn to
// another request when the header of the response is on its way to the client. So
// neither a stream nor a slow client keeps a turn.
func (x *exchange) awaitTurn(r *http.Request) error {
	turns, limit := x.turns()
	if err := acquireWithin(r.Context(), turns, turnTimeout); err != nil {
		if clientGone(r.Context()) {
			return err
		}
		return x.overloaded(r.Context(), limit)
	}
	x.hasTurn.Store(true)
	return nil
}

// acquireWithin takes one unit of a queue, and waits for it at most for a time. A Queue
// that can say so gives a free unit without a context for the wait, which costs 7
// allocations.
func acquireWithin(ctx context.Context, q Queue, wait time.Duration) error {
	if free, ok := q.(interface{ TryAcquire(n int64) bool }); ok && free.TryAcquire(1) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return q.Acquire(ctx, 1)
}

// turns returns what the exchange waits for: a turn at the backend, or of a Local.
func (x *exchange) turns() (Queue, budget.Limit) {
	if x.local != nil {
		return x.local.Turns, budget.Access
	}
	return x.proxy.options.Turns, budget.Requests
}

func (x *exchange) leaveTurn() {
	if x.hasTurn.Swap(false) {
		turns, _ := x.turns()
		turns.Release(1)
	}
}

// slowUpload is how long a body may arrive while its request has a turn. Otherwise
// clients that send slowly could keep all turns.
const slowUpload = time.Second

// limitTurn makes a request with a slow body leave its turn early.
func (x *exchange) limitTurn(r *http.Request) (stop func()) {
	if r.Body == http.NoBody || x.bodyRead {
		return func() {}
	}
	timer := time.AfterFunc(slowUpload, func() {
		if !x.bodyEnded.Load() {
			x.leaveTurn()
		}
	})
	return func() { timer.Stop() }
}

// refusedBody is how long the server may wait for the rest of a refused body, so that
// the client gets the response and can keep its connection.
const refusedBody = time.Second

// overloaded counts a refusal, and returns the problem for the client.
func (x *exchange) overloaded(ctx context.Context, limit budget.Limit) error {
	x.proxy.refusals.Count(ctx, limit)
	x.limitRest()
	x.w.Header().Set("Retry-After", "1")
	return problemOverloaded
}

// limitRest limits how long the server waits for the rest of a body that is not read.
func (x *exchange) limitRest() {
	http.NewResponseController(&x.w).SetReadDeadline(time.Now().Add(refusedBody))
}

// growRequest takes the memory for a larger buffer of the request's body.
func (x *exchange) growRequest(to int64) error {
	take := x.account.takeLarge
	if to <= smallBody {
		take = x.account.take
	}
	if !take(to) {
		return errNoMemory
	}
	return nil
}

var errNoMemory = errors.New("limits.memory is used up")

// responseWait is the part of Timeouts.Response that a response waits for memory. In the
// rest it is sent.
const responseWait = 2

// growResponse takes a share of the memory for responses, if the buffer becomes too large
// for what was taken when the request arrived.
func (x *exchange) growResponse(res *http.Response, to int64) error {
	if x.reserved && to <= smallResponse || x.account.hasShare() {
		return nil
	}
	return x.takeShare(res)
}

func (x *exchange) takeShare(res *http.Response) error {
	ctx, cancel := context.WithTimeout(res.Request.Context(), x.proxy.options.Timeouts.Response/responseWait)
	defer cancel()
	if x.account.acquire(ctx, x.shareOf(res.Header)) != nil {
		if gone := context.Cause(res.Request.Context()); gone != nil {
			return gone
		}
		x.proxy.refusals.Count(ctx, budget.Memory)
		return errNoMemory
	}
	return nil
}

// shareOf returns the share for a response with this header, in bytes.
func (x *exchange) shareOf(h http.Header) int64 {
	return copiesOfResponse*x.proxy.options.Limits.Body + decoderCost(h)
}

// copiesOf returns what a response needs that was read and decompressed, in bytes.
func copiesOf(raw, decoded []byte) int64 {
	return int64(cap(raw)) + copiesOfResponse*int64(cap(decoded)) + 1
}

// responded is called when the response can be sent to the client. It leaves the turn,
// and returns the share, except what the body needs until the client has it.
func (x *exchange) responded(res *http.Response) {
	x.leaveTurn()
	limit := x.proxy.options.Limits.Body
	if length := res.ContentLength; length >= 0 && length <= limit {
		limit = length
	}
	x.account.shrinkShare(max(1, 2*limit)) // the backend's body may still be in use
}
