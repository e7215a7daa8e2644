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

// connectTimeout bounds one attempt to connect, unless the URI does. It may be
// longer than a lookup: an attempt that outlives its lookup serves the next one.
const connectTimeout = 5 * time.Second

// A connection makes the driver's client as early as possible. With a mongodb://
// URI that is at once, because the client connects in the background. With
// mongodb+srv:// it is when DNS has named the servers, which the driver needs first.
type connection struct {
	uri   string
	ready atomic.Pointer[mongo.Client]
	// lock has one element while nobody is making the client.
	lock      chan struct{}
	dialer    options.ContextDialer // nil for the driver's own
	primaries primaries
	// readPreference is the URI's read preference, if it is not primary. It may be
	// read once ready is set.
	readPreference string
}

var errClosed = errors.New("closed")

// newConnection reports what is wrong with the URI. It waits for DNS at most this
// long.
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

// isUnreachable reports whether an error says nothing about the URI, because DNS
// failed or did not answer in time.
func isUnreachable(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) || errors.Is(err, context.DeadlineExceeded)
}

// client returns the client, and makes it first if there is none. An attempt that
// outlives ctx continues for later callers.
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

// connect makes the client, unless an earlier call has. It returns a driver's error
// only if that is about DNS or a file: any other could quote the password. The
// value of a panic could too, so it returns only where the panic was.
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

// withDefaults sets what fresh reads and bounded waits depend on, whatever the URI
// says, and what the URI leaves open.
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
		// The first login after a quiet hour should not wait for a TLS handshake.
		o.SetMinPoolSize(2)
	}
	// Every call has a deadline. The driver would repeat a refused command until
	// then, without a pause. See retryOnce.
	o.SetRetryReads(false)
	o.SetRetryWrites(false)
	o.Timeout = nil
	return o
}

// retryOnce runs an idempotent operation, and once more if it fails before ctx ends:
// the connections may be dead since MongoDB restarted, or lead to a server that is
// no longer the primary.
func retryOnce(ctx context.Context, do func() error) error {
	err := do()
	if err != nil && ctx.Err() == nil {
		err = do()
	}
	return err
}

// close disconnects. Nobody can connect again.
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
