// Package http1 sends requests to one backend over HTTP/1.1, on the goroutine of the
// request. [http.Transport] has two goroutines for each connection, and hands every request
// to one and every response over from the other. That costs a quarter of what forwarding a
// small response costs.
//
// The package keeps what [http.Transport] promises: who is done waiting ends the exchange and
// its connection, a connection is used again only after a complete exchange, and messages are
// framed and refused in the same way. It takes the usual requests. Another transport sends the
// rare ones that have states of their own: see [Transport.Rest].
package http1

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"time"
)

// A Transport is a [http.RoundTripper] for plain HTTP to one backend. It sends each request at
// most once. All fields except Learn are required, and must not change after the first request.
type Transport struct {
	// Host is the host of the URLs of the backend, with its port if they have one.
	Host string
	// Dial opens a connection to an address. The connection must implement [syscall.Conn].
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Rest sends the requests that this transport does not take: those for another host or
	// scheme, upgrades, CONNECT, those that expect 100-continue, and those whose framing
	// [http.Transport] finds out by looking at the body.
	Rest http.RoundTripper
	// Idle is how long an unused connection is kept.
	Idle time.Duration
	// MaxHeader limits the header of a response, in bytes.
	MaxHeader int64
	// Received is how much the kernel keeps of what was not read yet, in bytes, on the
	// connections that Dial opens. [Waiter.Widen] changes it for one response.
	Received int
	// Learn is called with the name of each header line of a response, in the spelling of the
	// backend. The bytes are valid during the call. Nil means that they are not needed.
	Learn func(name []byte)

	pool pool
}

// RoundTrip implements [http.RoundTripper]. The body of a response that has one is a
// [Waiter].
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	framing := t.framing(r)
	if framing == rest {
		return t.Rest.RoundTrip(r)
	}
	message := messages.Get().(*message)
	defer message.release()
	if err := message.write(r, framing); err != nil {
		closeBody(r)
		return nil, err
	}
	if !framing.streams() {
		closeBody(r)
	}
	res, err := t.try(r, framing, message.bytes)
	for err == errNotQuiet {
		res, err = t.try(r, framing, message.bytes)
	}
	return res, err
}

// CloseIdleConnections closes the connections that are unused.
func (t *Transport) CloseIdleConnections() { t.pool.closeAll() }

// try sends a request on a connection, and receives the header of the response. If it returns
// errNotQuiet, nothing was sent.
func (t *Transport) try(r *http.Request, f framing, message []byte) (*http.Response, error) {
	ctx := r.Context()
	streams := f.streams() || len(message) > maxKept
	c, err := t.connect(ctx, streams) // otherwise conn.send checks it
	if err != nil {
		if f.streams() {
			closeBody(r)
		}
		return nil, err
	}
	e := &exchange{transport: t, conn: c, ctx: ctx, stop: context.AfterFunc(ctx, c.abort)}
	if streams {
		err = e.stream(r, f, message)
	} else {
		err = c.send(message)
	}
	var res *http.Response
	if err == nil {
		res, err = e.receive(r)
	}
	if err != nil {
		return nil, e.fail(err)
	}
	return res, nil
}

// An exchange is a request on a connection, and its response.
type exchange struct {
	transport *Transport
	conn      *conn
	ctx       context.Context
	stop      func() bool // ends the watch over ctx; false if it has ended the connection
	upload    *upload     // nil if the request was sent in one piece
	// The response and its body are parts of the exchange, which saves two allocations.
	response http.Response
	body     body
}

// receive reads the header of the response, and those of the responses before it.
func (e *exchange) receive(r *http.Request) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(e.ctx)
	e.conn.limit = e.transport.MaxHeader
	e.conn.names.Expect()
	if _, err := e.conn.in.Peek(1); err != nil {
		return nil, err
	}
	for {
		res, err := e.readHead(r)
		if err != nil {
			return nil, err
		}
		if res.StatusCode >= 200 || res.StatusCode < 100 || res.StatusCode == http.StatusSwitchingProtocols {
			e.conn.limit = noLimit
			e.setBody(r, res)
			return res, nil
		}
		if trace != nil && trace.Got1xxResponse != nil {
			if err := trace.Got1xxResponse(res.StatusCode, textproto.MIMEHeader(res.Header)); err != nil {
				return nil, err
			}
			e.conn.limit = e.transport.MaxHeader // for the next one, because this one has left
		}
	}
}

// readHead reads the head of a response. A usual one becomes a part of the exchange.
func (e *exchange) readHead(r *http.Request) (*http.Response, error) {
	there, _ := e.conn.in.Peek(e.conn.in.Buffered())
	if h, ok := parseHead(there); ok {
		e.conn.in.Discard(h.size)
		e.response = http.Response{
			Status: h.reason, StatusCode: h.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: h.header, Body: http.NoBody, ContentLength: h.length, Request: r,
		}
		return &e.response, nil
	}
	return http.ReadResponse(e.conn.in, r)
}

// setBody gives a response the body that ends the exchange at its end. Without a body the
// exchange ends here.
func (e *exchange) setBody(r *http.Request, res *http.Response) {
	keep := !res.Close && res.StatusCode >= 200
	if r.Method == http.MethodHead || res.ContentLength == 0 {
		e.end(keep)
		return
	}
	e.body = body{exchange: e, source: res.Body, left: res.ContentLength, keep: keep}
	res.Body = &e.body
}

// end ends a complete exchange. keep says whether the messages allow to use the connection
// again.
func (e *exchange) end(keep bool) {
	free := e.stop()
	if keep && free && e.upload.succeeded() && e.conn.close(e.transport.Received) {
		e.transport.pool.put(e.conn, e.transport.Idle)
		return
	}
	e.conn.Close()
}

// fail ends a broken exchange. It returns the cause of err.
func (e *exchange) fail(err error) error {
	e.stop()
	e.conn.Close()
	switch fault := e.upload.fault(); {
	case e.ctx.Err() != nil:
		return context.Cause(e.ctx)
	case fault != nil:
		return fault
	case e.conn.limit <= 0:
		return fmt.Errorf("the header of the response is larger than %d bytes", e.transport.MaxHeader)
	}
	return err
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		r.Body.Close()
	}
}

var errClosedBody = errors.New("read on a closed response body")

// A Waiter is the body of a response that says when it waits.
type Waiter interface {
	io.ReadCloser
	// OnWait sets whom Read tells before it waits for the backend. It returns false if Read
	// cannot wait, because the body has ended. It must not be called during Read.
	OnWait(Observer) bool
	// Widen lets the kernel keep n bytes of the body that were not read yet. It must not be
	// called during Read.
	Widen(n int)
}

// An Observer learns when a [Waiter] is about to wait. It is not a function, because that would
// be allocated for each request.
type Observer interface{ BeforeWait() }
