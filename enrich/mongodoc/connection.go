package mongodoc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
)

// connectTimeout bounds one attempt to connect, unless the URI does. It is not
// a lookup's: an attempt that outlives its lookup serves the next one.
const connectTimeout = 5 * time.Second

// A connection has the client as soon as there can be one. For a mongodb:// URI
// that is at once, for the driver connects by itself; for mongodb+srv:// not
// before the DNS has named the servers, which the driver wants to know first.
type connection struct {
	uri   string
	ready atomic.Pointer[mongo.Client]
	// lock has one element while nobody is making the client.
	lock      chan struct{}
	dialer    options.ContextDialer // nil for the driver's own
	primaries primaries
	// readPreference is the URI's read preference, if it is not primary. Whoever
	// sees ready may read it.
	readPreference string
}

var errClosed = errors.New("closed")

// newConnection reports what is wrong with the URI. Waiting for the DNS it
// waits no longer than this.
func newConnection(uri string, dialer options.ContextDialer, wait time.Duration) (*connection, error) {
	c := &connection{uri: uri, lock: make(chan struct{}, 1), dialer: dialer}
	c.lock <- struct{}{}
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	if _, err := c.client(ctx); err != nil && !isUnreachable(err) {
		return nil, err
	}
	return c, nil
}

// isUnreachable reports whether an error says nothing about the URI: the DNS did not
// answer, in time or well.
func isUnreachable(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) || errors.Is(err, context.DeadlineExceeded)
}

// client returns the client, making it if need be. An attempt that outlives ctx
// goes on for those who ask later.
func (c *connection) client(ctx context.Context) (*mongo.Client, error) {
	if client := c.ready.Load(); client != nil {
		return client, nil
	}
	select {
	case _, open := <-c.lock:
		if !open {
			return nil, errClosed
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	failed := make(chan error, 1)
	go func() {
		failed <- c.connect()
		c.lock <- struct{}{}
	}()
	select {
	case err := <-failed:
		return c.ready.Load(), err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// connect makes the client, unless an earlier call has. Of the driver's error it
// returns only what is about the DNS or a file: the rest could quote the
// password. So could the value of a panic, of which it returns where.
func (c *connection) connect() (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("panic in the MongoDB driver:\n%s", debug.Stack())
		}
	}()
	if c.ready.Load() != nil {
		return nil
	}
	o := options.Client().ApplyURI(c.uri)
	if err := o.Validate(); err != nil {
		var dns *net.DNSError
		var file *fs.PathError
		switch {
		case errors.As(err, &dns):
			return dns
		case errors.As(err, &file):
			return file
		}
		return explainURI(c.uri)
	}
	if p := o.ReadPreference; p != nil && p.Mode() != readpref.PrimaryMode {
		c.readPreference = p.Mode().String()
	}
	o.SetServerMonitor(&event.ServerMonitor{TopologyDescriptionChanged: c.primaries.topologyChanged})
	if c.dialer != nil {
		o.SetDialer(c.dialer)
	}
	client, err := mongo.Connect(withDefaults(o))
	if err != nil {
		return explainURI(c.uri)
	}
	c.ready.Store(client)
	return nil
}

// withDefaults sets what the freshness of documents depends on, what bounds our waits,
// and what the URI leaves open.
func withDefaults(o *options.ClientOptions) *options.ClientOptions {
	o.SetReadPreference(readpref.Primary())
	if o.ReadConcern == nil || o.ReadConcern.Level != "linearizable" {
		o.SetReadConcern(readconcern.Local())
	}
	if o.AppName == nil {
		o.SetAppName("tokengraft")
	}
	if o.ConnectTimeout == nil {
		o.SetConnectTimeout(connectTimeout)
	}
	if o.MinPoolSize == nil && (o.MaxPoolSize == nil || *o.MaxPoolSize != 1) {
		// So that the first login after a quiet hour does not pay for TLS.
		o.SetMinPoolSize(2)
	}
	// With a deadline, which each call of ours has, the driver would repeat what
	// the server refuses until then, without a pause; see retryOnce.
	o.SetRetryReads(false)
	o.SetRetryWrites(false)
	o.Timeout = nil
	return o
}

// retryOnce does something that can be repeated, and again if it fails before ctx
// ends: the connections may be dead since MongoDB was restarted, or have led to
// who is no longer the primary.
func retryOnce(ctx context.Context, do func() error) error {
	err := do()
	if err != nil && ctx.Err() == nil {
		err = do()
	}
	return err
}

// close disconnects, and lets nobody connect again.
func (c *connection) close(ctx context.Context) error {
	select {
	case _, open := <-c.lock:
		if !open {
			return nil
		}
		close(c.lock)
	case <-ctx.Done():
		return ctx.Err()
	}
	if client := c.ready.Load(); client != nil {
		return client.Disconnect(ctx)
	}
	return nil
}
