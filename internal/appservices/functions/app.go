// Package functions runs functions that were written for MongoDB Atlas App
// Services, unchanged: JavaScript that exports one function each, with context,
// BSON, EJSON and console as their globals.
//
// The functions are the operator's own code, like the configuration; what they
// work on comes from anybody. So the limits here are against faults and against
// data, not a wall around hostile code:
//
//   - Time is bounded. JavaScript is ended at [Options.Timeout]; a built-in that
//     goes on natively, such as a sort, is left behind: the caller gets the error,
//     and the place among [Options.Concurrency] is free when it ends. A regular
//     expression ends by itself at [MaxTimeout].
//   - Memory is watched, for goja has no bound of its own: a call is ended once
//     the live heap of the process has grown by [Options.Memory] since it began,
//     whoever made it grow. The heap is looked at every few milliseconds, so what
//     is allocated meanwhile comes on top. What would allocate a lot in one step
//     (repeat, padStart, arrays, buffers) has a bound; a join or a replace of
//     such strings has none.
//   - A call has a global object of its own. Nothing that a function changes, the
//     prototypes of Object and Array included, is there in the next call.
//   - There is no file, no process, no module, no code from strings, and no
//     network but the database and the hosts that context.http may reach.
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
	// may begin, as in App Services.
	maxOperations = 1000
	// maxParallel is how many of them go on at one time.
	maxParallel = 16
	// maxTraffic bounds all that one call reads and writes, in bytes of
	// Extended JSON or HTTP bodies; arguments and the result have it each.
	maxTraffic = 32 << 20
	// maxFrames is how deep calls may nest.
	maxFrames = 2000
)

// Options are an app: its functions, and what they may use.
type Options struct {
	// Functions are JavaScript sources by the functions' names; [Load] reads
	// them from an exported app.
	Functions map[string]string
	// Values are what context.values.get answers, by name, as Extended JSON. In
	// App Services some name a secret: put the secret here.
	Values map[string]json.RawMessage
	// Environment is context.environment: its tag, such as "production", and
	// values as Extended JSON.
	Environment struct {
		Tag    string
		Values map[string]json.RawMessage
	}
	// App is context.app, a JSON object. Nil means an empty one.
	App json.RawMessage

	// Database is what the data sources of Services are. Nil means none.
	Database hooks.Database
	// Services are the names by which context.services.get knows it. Nil means
	// mongodb-atlas.
	Services []string

	// Hosts are where context.http may go: host names, with a port unless it is
	// the scheme's own. "*" is any. Nil means nowhere.
	Hosts []string
	// Transport carries context.http. Nil means [http.DefaultTransport].
	Transport http.RoundTripper

	// Timeout bounds one call, waiting for its place included. Zero means 10 s.
	Timeout time.Duration
	// Memory is how much the live heap may grow during one call, in bytes. Zero
	// means 64 MiB.
	Memory int64
	// Concurrency is how many calls go on at one time. Zero means 16.
	Concurrency int

	// Logger gets what functions write to the console, at debug level only, for
	// it may have users' data and secrets in it; and faults, without such. Nil
	// means none.
	Logger *slog.Logger
}

// A Call says which function to call, and for whom.
type Call struct {
	Function string
	// Args are the arguments, Extended JSON each.
	Args []json.RawMessage
	// User is context.user, Extended JSON. Nil means a system user.
	User json.RawMessage
	// System is what context.runningAsSystem() answers.
	System bool
	// Request is context.request, Extended JSON. Nil means an empty object.
	Request json.RawMessage
}

// An App has its functions compiled. It may be used concurrently.
type App struct {
	o         Options
	functions map[string]function
	client    *http.Client
	log       *slog.Logger
	places    chan struct{}
	calls     sync.WaitGroup
}

// Open compiles all functions. An error is every fault that there is, each with
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

// Close waits for calls that were left behind, until ctx ends. Nobody calls
// afterwards.
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
