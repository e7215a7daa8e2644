// Package functions runs functions that were written for MongoDB Atlas App
// Services, unchanged. Each is a JavaScript source that exports one function and
// uses the globals context, BSON, EJSON and console.
//
// The functions are the operator's own code, like the configuration, but their
// arguments come from any client. So they run in child processes of their own
// (package reexec), which can be ended whatever the engine does. The limits protect
// against faults and against data. They are not a sandbox for hostile code:
//
//   - Processes. At most [Options.Processes] run, each with one call at a time. The
//     first starts in [Open], because it compiles the functions. A process without
//     calls for a minute ends. All end with this process.
//   - Time. JavaScript is interrupted when the caller's context or [Options.Timeout]
//     ends. A native built-in, such as a sort or a regular expression, cannot be
//     interrupted: 250 ms later the process is killed. Nothing continues.
//   - Memory. A call is interrupted when its live objects exceed [Options.Memory],
//     which is measured every few milliseconds. If a built-in takes more in one step,
//     the process ends itself, or the kernel refuses the memory (RLIMIT_DATA, on
//     Linux only). A process takes at most 72 MiB with the default of 32 MiB, and about
//     10 MiB without a call. This process holds the replies of the few MongoDB commands
//     that run at a time, and one part of each HTTP response.
//   - Processors. On Linux the kernel kills a process that has used a processor for
//     ten minutes, even if this process hangs.
//   - Isolation. Each call has its own global object. A change that a function makes,
//     even to the prototypes of Object and Array, is gone in the next call.
//   - Access. A function can use the database and the hosts that context.http may
//     reach, and this process does that for it. Its own process has no environment, no
//     files and no connections. There are no modules and no code from strings.
//
// The engine, goja, has no async generators and no for await. Of Intl there is what
// js/intl.js has. [Inspect] finds what functions use beyond that.
package functions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
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
	// leastCommands is how many MongoDB commands run at a time, if there are fewer
	// processes. This process holds each reply, as BSON and as JSON: 16 MiB of BSON can
	// become three times as much.
	leastCommands = 2
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

	// Timeout is how long a call may take, including the wait for a free process.
	// Zero means 10 s.
	Timeout time.Duration
	// Memory is how much the live heap may grow during one call, in bytes. Zero
	// means 32 MiB.
	Memory int64
	// Processes is how many processes run functions, and so how many calls run at a
	// time. Zero means 2.
	Processes int

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
	User json.RawMessage `json:",omitempty"`
	// System is the result of context.runningAsSystem().
	System bool
	// Request is context.request, as Extended JSON. Nil means an empty object.
	Request json.RawMessage `json:",omitempty"`
	// Discard leaves the result in the process. Call then returns null.
	Discard bool
	// MaxResult is the size of the largest result, in bytes of Extended JSON. Zero means
	// 32 MiB.
	MaxResult int `json:",omitempty"`
	// Database runs the commands of this call. Nil means [Options.Database]. It applies
	// only if there is one.
	Database hooks.Database `json:"-"`
}

// An App runs functions. It is safe for concurrent use.
type App struct {
	o      Options
	client *http.Client
	log    *slog.Logger
	pool   pool
	// commands and requests bound how many MongoDB commands and HTTP requests of all
	// calls run at a time.
	commands, requests chan struct{}
}

// compileTimeout is how long a process may take to start and to compile the functions.
// The compiler computes constants, so a source can make it take forever.
const compileTimeout = 20 * time.Second

// Open compiles all functions, in the first process. The error joins all faults. Faults
// in a source have file, line and column. The caller calls Close.
func Open(o Options) (*App, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	app := &App{
		o: o, client: newClient(o), log: o.Logger,
		pool:     newPool(o.Processes),
		commands: make(chan struct{}, max(leastCommands, o.Processes)), requests: make(chan struct{}, maxParallel),
	}
	return app, app.compile()
}

// compile starts the first process, which compiles the functions.
func (a *App) compile() error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), compileTimeout, errCompile)
	defer cancel()
	w, err := a.take(ctx)
	if err == nil {
		a.pool.put(w)
		return nil
	}
	if ctx.Err() != nil {
		return errCompile
	}
	return err
}

var errCompile = fmt.Errorf("the functions could not be compiled within %s; look for constants such as 2n**(2n**40n)", compileTimeout)

// Has reports whether there is a function of that name.
func (a *App) Has(name string) bool {
	_, ok := a.o.Functions[name]
	return ok
}

// setup returns what a process needs for calls.
func (o *Options) setup() *setup {
	return &setup{
		Sources: o.Functions, Values: o.Values, Tag: o.Environment.Tag, Environment: o.Environment.Values, App: o.App,
		Services: o.Services, HasDatabase: o.Database != nil, Hosts: o.Hosts, Memory: o.Memory,
	}
}

// Call runs a function and returns its result as canonical Extended JSON: null
// for undefined. It returns after all operations that the function started are
// finished, awaited or not. The error is an [*Error], or ctx's if ctx ended first.
//
// When ctx or the time limit ends, the call is interrupted. If it does not stop within
// 250 ms, its process is killed: afterwards the call uses neither time nor memory.
func (a *App) Call(ctx context.Context, request Call) (json.RawMessage, error) {
	limited, cancel := context.WithTimeoutCause(ctx, a.o.Timeout, ErrTime)
	defer cancel()
	if !a.Has(request.Function) {
		return nil, ended(request.Function, ErrNoFunction)
	}
	if err := request.check(); err != nil {
		return nil, err
	}
	for {
		result, err := a.callOnce(limited, request)
		if !errors.Is(err, errNotSent) {
			return result, err
		}
	}
}

// callOnce runs a function in one process. The error is errNotSent if that was idle and
// has ended meanwhile.
func (a *App) callOnce(ctx context.Context, request Call) (json.RawMessage, error) {
	w, err := a.take(ctx)
	if err != nil {
		return nil, notStarted(ctx, request.Function, err)
	}
	defer a.pool.put(w)
	return w.call(ctx, request)
}

// check reports arguments that are not JSON. It does not quote them.
func (c Call) check() error {
	for i, arg := range c.Args {
		if !json.Valid(arg) {
			return fmt.Errorf("argument %d of function %s: %w", i, c.Function, errJSON)
		}
	}
	for _, text := range []json.RawMessage{c.User, c.Request} {
		if text != nil && !json.Valid(text) {
			return fmt.Errorf("the user or the request of function %s: %w", c.Function, errJSON)
		}
	}
	return nil
}

// notStarted returns the error of a call for which there is no process.
func notStarted(ctx context.Context, function string, err error) error {
	if ctx.Err() != nil {
		return endedBy(function, ctx)
	}
	return fmt.Errorf("function %s: %w", function, err)
}

// endedBy returns the error of a call whose ctx has ended: by the time limit, or by
// the caller.
func endedBy(function string, ctx context.Context) error {
	if cause := context.Cause(ctx); errors.Is(cause, ErrTime) {
		return ended(function, cause)
	}
	return fmt.Errorf("function %s: %w", function, ctx.Err())
}

// Close ends the processes. It waits for running calls until ctx ends, and then kills
// theirs. Later calls return [ErrClosed].
func (a *App) Close(ctx context.Context) error { return a.pool.close(ctx) }
