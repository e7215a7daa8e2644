package http1

import (
	"cmp"
	"context"
	"net"
	"net/url"
)

// connect returns an unused connection, or a new one. If check is false, the backend can have
// closed it.
func (t *Transport) connect(ctx context.Context, check bool) (*conn, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	c := t.pool.take(t.Idle, check)
	if c == nil {
		var err error
		if c, err = t.dialOrAwait(ctx); err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return nil, err
		}
	}
	c.open()
	return c, nil
}

// A dialed connection, or the error.
type dialed struct {
	conn *conn
	err  error
}

// dialOrAwait returns a new connection, or one that becomes unused earlier, as
// [http.Transport] does. A backend whose queue of new connections is full answers requests on
// those it has, but a new one can take longer than the time for it.
func (t *Transport) dialOrAwait(ctx context.Context) (*conn, error) {
	freed := t.pool.await()
	made := make(chan dialed, 1)
	go func() {
		c, err := t.dial(ctx)
		made <- dialed{c, err}
	}()
	select {
	case c := <-freed:
		if c.isQuiet() {
			go t.keep(made)
			return c, nil
		}
		c.Close()
	case d := <-made:
		made <- d // for below
	}
	d := <-made
	t.pool.leave(freed)
	select {
	case c := <-freed: // both at once
		t.pool.put(c, t.Idle)
	default:
	}
	return d.conn, d.err
}

// keep keeps a connection whose request has taken another one. If the request ends first, it is
// not made.
func (t *Transport) keep(made <-chan dialed) {
	if d := <-made; d.err == nil {
		t.pool.put(d.conn, t.Idle)
	}
}

// dial makes a connection.
func (t *Transport) dial(ctx context.Context) (*conn, error) {
	socket, err := t.Dial(ctx, "tcp", t.address())
	if err != nil {
		return nil, err
	}
	c, err := newConn(socket, t.Learn)
	if err != nil {
		socket.Close()
	}
	return c, err
}

// address returns the address of the backend with a port.
func (t *Transport) address() string {
	u := url.URL{Host: t.Host}
	return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "80")) // the port can be empty after its colon
}
