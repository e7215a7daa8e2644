package proxy

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"
)

// answerLocal answers a request with the Handler of a Local.
func (x *exchange) answerLocal(r *http.Request) error {
	if err := x.admit(r); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), x.proxy.options.Timeouts.Response)
	defer cancel()
	x.ctx = exchangeContext{ctx, x}
	r = r.WithContext(&x.ctx)
	if err := x.readLocalBody(r); err != nil {
		return x.bodyProblem(r, err)
	}
	if err := x.awaitTurn(r); err != nil {
		return err
	}
	defer x.leaveTurn()
	x.snapshot.locals.mux.ServeHTTP(localWriter{&x.w, x}, r)
	switch {
	case x.w.status != 0:
		return nil
	case clientGone(r.Context()):
		return context.Canceled
	}
	return problemInternal
}

// readLocalBody reads the body of a request for a Handler. It is read before the request
// gets its turn, so that clients that send slowly keep no turns.
func (x *exchange) readLocalBody(r *http.Request) error {
	if r.Body == http.NoBody {
		return nil
	}
	limit := x.local.MaxBody
	b := buffer{limit: limit, length: r.ContentLength, grow: x.growLocal, grew: x.account.giveBack}
	whole := false
	if r.ContentLength <= limit {
		var err error
		control := *http.NewResponseController(&x.w)
		if whole, err = b.readFrom(newPacedBody(r.Body, control, x.proxy.options.Timeouts.Response)); err != nil {
			return err // keep the deadline, or the server would wait for the rest of the body
		}
		control.SetReadDeadline(time.Time{})
	}
	if !whole {
		x.account.giveBack(int64(cap(b.bytes)))
		x.limitRest()
		r.Body = tooLarge{limit}
		return nil
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(b.bytes)), int64(len(b.bytes))
	return x.growLocal(copiesAtLocal * r.ContentLength)
}

// growLocal takes the memory for a larger buffer of a body for a Handler.
func (x *exchange) growLocal(to int64) error {
	if !x.account.takeLarge(to) {
		return errNoMemory
	}
	return nil
}

// A tooLarge is a body that was not kept, because it is larger than the limit.
type tooLarge struct{ limit int64 }

// Read implements [io.Reader].
func (b tooLarge) Read([]byte) (int, error) { return 0, &http.MaxBytesError{Limit: b.limit} }

// Close implements [io.Closer].
func (tooLarge) Close() error { return nil }

// A localWriter is where a Handler writes its response. When that begins, the exchange
// leaves its turn to another request.
type localWriter struct {
	*responseWriter
	exchange *exchange
}

// WriteHeader implements [http.ResponseWriter].
func (w localWriter) WriteHeader(status int) {
	if status >= http.StatusOK {
		w.exchange.leaveTurn()
	}
	w.responseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w localWriter) Write(b []byte) (int, error) {
	w.exchange.leaveTurn()
	return w.responseWriter.Write(b)
}
