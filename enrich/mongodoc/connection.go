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

// connectTimeout limits one attempt to connect, unless the URI sets another limit.
// It may be longer than a lookup: if the lookup ends first, the next one uses the
// connection.
const connectTimeout = 5 * time.Second

// A connection makes the driver's client as early as possible. With a mongodb:// URI
// it makes the client at once, because the client connects in the background. With
// mongodb+srv:// it must wait until DNS returns the addresses of the servers.
type connection struct {
	uri   string
	ready atomic.Pointer[mongo.Client]
	// lock is a mutex for making the client. It has one element while it is free.
	lock      chan struct{}
	dialer    options.ContextDialer
	primaries primaries
	// readPreference is the URI's read preference, or "" if that is primary. It must
	// not be read before ready is set.
	readPreference string
	// direct is nil if only the client can send commands. It must not be read before ready
	// is set.
	direct *direct
}

var errClosed = errors.New("the source is closed")

// newConnection returns an error if the URI is wrong. It waits for DNS, at most as
// long as wait.
func newConnection(uri string, dialer options.ContextDialer, wait time.Duration) (*connection, error) {
	if dialer == nil {
		dialer = &net.Dialer{}
	}
	c := &connection{uri: uri, lock: make(chan struct{}, 1), dialer: dialer}
	c.lock <- struct{}{}
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	if _, err := c.client(ctx); err != nil && !isUnreachable(err) {
		return nil, err
	}
	return c, nil
}

// isUnreachable reports whether DNS failed or did not answer in time. Then the URI may
// be right.
func isUnreachable(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) || errors.Is(err, context.DeadlineExceeded)
}

// client returns the client. If there is none, client makes it. If ctx ends first,
// the attempt continues for later callers.
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

// connect makes the client, unless an earlier call has. It returns an error of the
// driver only if it is about DNS or a file, because any other could quote the
// password. The value of a panic could too, so for a panic it returns only the stack.
func (c *connection) connect() (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("the MongoDB driver panicked:\n%s", debug.Stack())
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
	o.SetDialer(bufferedDialer{c.dialer})
	o = withDefaults(o)
	direct, err := newDirect(o)
	if err != nil {
		return explainURI(c.uri)
	}
	client, err := mongo.Connect(o)
	if err != nil {
		return explainURI(c.uri)
	}
	c.direct = direct
	c.ready.Store(client)
	return nil
}

// withDefaults sets the options that fresh reads (law F1) and limited waits depend
// on, even if the URI sets them, and defaults for others that the URI does not set.
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
	if o.MaxPoolSize == nil {
		o.SetMaxPoolSize(100) // the driver's default, which a topology of our own does not get
	}
	// Without these, the driver would repeat a refused command without a pause until
	// the deadline of the call. retryOnce replaces its retries.
	o.SetRetryReads(false)
	o.SetRetryWrites(false)
	o.Timeout = nil
	return o
}

// retryOnce runs an idempotent operation, and runs it again if it fails before ctx
// ends. After a restart of MongoDB the pooled connections are dead, and after an
// election they lead to a server that is no longer the primary.
func retryOnce(ctx context.Context, do func() error) error {
	err := do()
	if err != nil && ctx.Err() == nil {
		err = do()
	}
	return err
}

// close disconnects. Later calls of client fail.
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
