// Package functions runs functions that were written for MongoDB Atlas App
// Services, unchanged. Each is a JavaScript source that exports one function and
// uses the globals context, BSON, EJSON and console.
//
// The functions are the operator's own code, like the configuration, but their
// arguments come from any client. So the limits protect against faults and against
// data. They are not a sandbox for hostile code:
//
//   - Time. JavaScript is interrupted at [Options.Timeout]. A native built-in, such
//     as a sort, cannot be interrupted: the caller gets the error, the built-in
//     continues, and its place among [Options.Concurrency] is free when it ends. A
//     regular expression stops at [MaxTimeout].
//   - Memory. goja has no limit, so the heap is measured every few milliseconds. A
//     call ends when the live heap of the process has grown by [Options.Memory]
//     since the call started, even if other code made it grow. Between two
//     measurements the heap can grow further. Built-ins that allocate a lot in one
//     step (repeat, padStart, arrays, buffers) have limits; join and replace do not.
//   - Isolation. Each call has its own global object. A change that a function makes,
//     even to the prototypes of Object and Array, is gone in the next call.
//   - Access. A function can use the database and the hosts that context.http may
//     reach. It has no files, no processes, no modules and no code from strings.
//
// The engine, goja, has no async generators, no for await and no Intl.
package functions

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/enrich/hooks"
)

// MaxTimeout is the longest [Options.Timeout].
const MaxTimeout = 30 * time.Second

const (
	// maxOperations is how many operations (database, HTTP, timers) one call
	// may start, as in App Services.
	maxOperations = 1000
	// maxParallel is how many of them run at a time.
	maxParallel = 16
	// maxTraffic is how many bytes of Extended JSON and HTTP bodies one call may
	// read and write. The arguments and the result have the same limit each.
	maxTraffic = 32 << 20
	// maxFrames is how deep calls may nest.
	maxFrames = 2000
)

// Options are an app's functions, and what they may use.
type Options struct {
	// Functions are JavaScript sources by function name. [Load] reads them from an
	// exported app.
	Functions map[string]string
	// Values are the values that context.values.get returns, by name, as Extended
	// JSON. If a value was a secret in App Services, put the secret here.
	Values map[string]json.RawMessage
	// Environment is context.environment: its tag, such as "production", and its
	// values as Extended JSON.
	Environment struct {
		Tag    string
		Values map[string]json.RawMessage
	}
	// App is context.app, a JSON object. Nil means an empty one.
	App json.RawMessage

	// Database runs the MongoDB commands of functions. Nil means that functions
	// cannot use a database.
	Database hooks.Database
	// Services are the names by which context.services.get finds the database. Nil
	// means mongodb-atlas.
	Services []string

	// Hosts are the hosts that context.http may reach: host names, with a port
	// unless it is the scheme's default. "*" means any. Nil means none.
	Hosts []string
	// Transport sends the requests of context.http. Nil means
	// [http.DefaultTransport].
	Transport http.RoundTripper

	// Timeout is how long a call may take, including the wait for a free place.
	// Zero means 10 s.
	Timeout time.Duration
	// Memory is how much the live heap may grow during one call, in bytes. Zero
	// means 64 MiB.
	Memory int64
	// Concurrency is how many calls run at a time. Zero means 16.
	Concurrency int

	// Logger gets faults, without users' data. At debug level it also gets what
	// functions write to the console, which may contain users' data and secrets.
	// Nil discards both.
	Logger *slog.Logger
}

// A Call says which function to call, with which arguments, and for which user.
type Call struct {
	Function string
	// Args are the arguments, each as Extended JSON.
	Args []json.RawMessage
	// User is context.user, as Extended JSON. Nil means a system user.
	User json.RawMessage
	// System is the result of context.runningAsSystem().
	System bool
	// Request is context.request, as Extended JSON. Nil means an empty object.
	Request json.RawMessage
}

// An App holds compiled functions. It is safe for concurrent use.
type App struct {
	o         Options
	functions map[string]function
	client    *http.Client
	log       *slog.Logger
	places    chan struct{}
	calls     sync.WaitGroup
}

// Open compiles all functions. The error joins all faults. Faults in a source have
// file, line and column.
func Open(o Options) (*App, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	functions, err := compile(o.Functions)
	if err != nil {
		return nil, err
	}
	app := &App{o: o, functions: functions, log: o.Logger, places: make(chan struct{}, o.Concurrency)}
	app.client = newClient(o)
	return app, nil
}

// Has reports whether there is a function of that name.
func (a *App) Has(name string) bool {
	_, ok := a.functions[name]
	return ok
}

// Close waits, until ctx ends, for calls that continue in the background. Do not
// use the App afterwards.
func (a *App) Close(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		a.calls.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
