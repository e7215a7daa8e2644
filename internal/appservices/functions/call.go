package functions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// maxAwait is how long, after its end, a call may take to notice.
const maxAwait = 250 * time.Millisecond

// A call is one call of one function, and of those that it executes, in a
// runtime of its own. Only the goroutine of run touches it.
type call struct {
	*App
	function string
	vm       *goja.Runtime
	// out is what an ending ends: the context of the operations.
	out  context.Context
	stop context.CancelCauseFunc
	loop
	types   types
	exports map[string]goja.Value // of functions that have been asked for
	traffic int
}

// Call runs a function and returns its result as canonical Extended JSON: null
// for undefined. What it has begun is finished before, awaited or not. An error
// is an [*Error], or that ctx ended first.
func (a *App) Call(ctx context.Context, request Call) (json.RawMessage, error) {
	limited, cancel := context.WithTimeoutCause(ctx, a.o.Timeout, ErrTime)
	defer cancel()
	if !a.Has(request.Function) {
		return nil, ended(request.Function, ErrNoFunction)
	}
	select {
	case a.places <- struct{}{}:
	case <-limited.Done():
		return nil, endedBy(request.Function, limited)
	}
	type answer struct {
		result json.RawMessage
		err    error
	}
	answered := make(chan answer, 1)
	a.calls.Go(func() {
		defer func() { <-a.places }()
		result, err := a.run(limited, request)
		answered <- answer{result, err}
	})
	select {
	case got := <-answered:
		return got.result, got.err
	case <-limited.Done():
	}
	select {
	case got := <-answered:
		return got.result, got.err
	case <-time.After(maxAwait):
		a.log.LogAttrs(ctx, slog.LevelError, "a function does not end: it is inside a built-in, and goes on without its caller",
			slog.String("function", request.Function))
		return nil, endedBy(request.Function, limited)
	}
}

// endedBy tells the caller's end from that of the call's own time.
func endedBy(function string, ctx context.Context) error {
	if cause := context.Cause(ctx); errors.Is(cause, ErrTime) {
		return ended(function, cause)
	}
	return fmt.Errorf("function %s: %w", function, ctx.Err())
}

// run is the call. What goja panics with ends here.
func (a *App) run(ctx context.Context, request Call) (result json.RawMessage, err error) {
	out, stop := context.WithCancelCause(ctx)
	c := &call{
		App:      a,
		function: request.Function,
		vm:       goja.New(),
		out:      out,
		stop:     stop,
		loop:     newLoop(),
		exports:  map[string]goja.Value{},
	}
	watched := c.watch()
	defer func() {
		if p := recover(); p != nil {
			result, err = nil, c.panicked(p)
		}
		stop(nil)
		<-watched
		c.begun.Wait()
	}()
	return c.do(request)
}

// panicked is the error of a panic: goja's way to leave JavaScript, or a fault.
func (c *call) panicked(p any) error {
	if err, ok := p.(error); ok {
		if known := c.uncatchable(err); known != nil {
			return known
		}
	}
	// Neither the value nor an argument of a frame is logged: they can have data.
	c.log.LogAttrs(c.out, slog.LevelError, "the JavaScript engine panicked", slog.String("function", c.function),
		slog.String("type", fmt.Sprintf("%T", p)), slog.String("stack", string(debug.Stack())))
	return ended(c.function, ErrInternal)
}

// do calls the function and settles what it returns.
func (c *call) do(request Call) (json.RawMessage, error) {
	if err := c.installGlobals(request); err != nil {
		return nil, c.failed(err)
	}
	args := make([]goja.Value, len(request.Args))
	for i, arg := range request.Args {
		value, err := c.read(arg)
		if err != nil {
			return nil, fmt.Errorf("argument %d of function %s: %w", i, c.function, err)
		}
		args[i] = value
	}
	var value goja.Value
	err := c.vmTry(func() { value = c.execute(c.function, args) })
	if err != nil {
		return nil, c.failed(err)
	}
	if value, err = c.settle(value); err != nil {
		return nil, c.failed(err)
	}
	var result []byte
	err = c.vmTry(func() { result = c.write(value) })
	if err != nil {
		return nil, c.failed(err)
	}
	return result, nil
}

// vmTry runs f outside any JavaScript and returns what it throws.
func (c *call) vmTry(f func()) error {
	if ex := c.vm.Try(f); ex != nil {
		return ex
	}
	return nil
}

// failed makes the caller's error of one of goja's, or of the loop's.
func (c *call) failed(err error) error {
	var ex *goja.Exception
	var rejected *rejection
	switch known := c.uncatchable(err); {
	case known != nil:
		return known
	case errors.As(err, &rejected):
		return c.thrown(rejected.reason)
	case errors.As(err, &ex):
		return c.thrown(ex.Value())
	case c.out.Err() != nil:
		return c.stopped()
	}
	return ended(c.function, err)
}

// uncatchable is the error of an end that no JavaScript can catch, else nil.
func (c *call) uncatchable(err error) error {
	var interrupted *goja.InterruptedError
	var overflow *goja.StackOverflowError
	switch {
	case errors.As(err, &interrupted):
		return c.stopped()
	case errors.As(err, &overflow):
		return ended(c.function, ErrStack)
	}
	return nil
}

// stopped is the error of a call that was told to end.
func (c *call) stopped() error {
	cause := context.Cause(c.out)
	if errors.Is(cause, ErrTime) || errors.Is(cause, ErrMemory) {
		return ended(c.function, cause)
	}
	return fmt.Errorf("function %s: %w", c.function, cause)
}

// execute calls a function of the app; within JavaScript, for it throws.
func (c *call) execute(name string, args []goja.Value) goja.Value {
	f, ok := goja.AssertFunction(c.load(name))
	if !ok {
		c.throw(fmt.Sprintf("function %s: %v", name, errExports))
	}
	value, err := f(goja.Undefined(), args...)
	if err != nil {
		panic(err)
	}
	return value
}

// load returns what a function's source exports; it runs once in a call.
func (c *call) load(name string) goja.Value {
	if exports, ok := c.exports[name]; ok {
		return exports
	}
	function, ok := c.functions[name]
	if !ok {
		c.throw("function not found: '" + name + "'")
	}
	wrapper, err := c.vm.RunProgram(function.program)
	if err != nil {
		panic(err)
	}
	module := c.vm.NewObject()
	initial := c.vm.NewObject()
	c.set(module, "exports", initial)
	body, _ := goja.AssertFunction(wrapper)
	exports, err := body(goja.Undefined(), initial, module, c.vm.ToValue(c.require))
	if err != nil {
		panic(err)
	}
	c.exports[name] = exports
	return exports
}

// require tells the operator, too: what is thrown is for the client.
func (c *call) require(request goja.FunctionCall) goja.Value {
	module := cut(text(request.Argument(0)), maxLine)
	c.log.LogAttrs(c.out, slog.LevelWarn, "a function asks for a module, and there are none: put the code into the function, or into another that context.functions.execute calls",
		slog.String("function", c.function), slog.String("module", module), slog.String("at", c.position()))
	c.throw(fmt.Sprintf("require(%q): there are no modules, of Node or npm", module))
	return nil
}

// position is the file and line of the function's own code that is being run.
func (c *call) position() string {
	for _, frame := range c.vm.CaptureCallStack(0, nil) {
		if file := frame.SrcName(); strings.HasSuffix(file, ".js") {
			return file + ":" + strconv.Itoa(frame.Position().Line)
		}
	}
	return ""
}

// throw throws an Error, as JavaScript does.
func (c *call) throw(message string) {
	object, err := c.vm.New(c.vm.Get("Error"), c.vm.ToValue(message))
	if err != nil {
		panic(err)
	}
	panic(object)
}

func (c *call) typeError(format string, args ...any) {
	panic(c.vm.NewTypeError(fmt.Sprintf(format, args...)))
}

// set sets a member of an object of ours, which never fails.
func (c *call) set(object *goja.Object, name string, value any) {
	if err := object.Set(name, value); err != nil {
		panic(err)
	}
}
