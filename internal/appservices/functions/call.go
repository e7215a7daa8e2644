package functions

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// A call runs one function, and the functions that it executes, in its own runtime.
// Only the goroutine of run uses it.
type call struct {
	*program
	function string
	vm       *goja.Runtime
	// out is the context of the operations. stop cancels it.
	out  context.Context
	stop context.CancelCauseFunc
	loop
	types   types
	exports map[string]goja.Value // what loaded functions export, by name
	traffic int                   // bytes read and written so far
	// failures are the errors that were thrown because something failed that the
	// function needs. unanswered means that a server did not answer, so that a
	// later error of the function may be a consequence.
	failures   map[*goja.Object]bool
	unanswered bool
	duplicate  bool // MongoDB refused a duplicate key
}

// run runs the call. It recovers from panics of goja.
func (p *program) run(ctx context.Context, request Call) (result json.RawMessage, err error) {
	out, stop := context.WithCancelCause(ctx)
	c := &call{
		program:  p,
		function: request.Function,
		vm:       goja.New(),
		out:      out,
		stop:     stop,
		loop:     newLoop(),
		exports:  map[string]goja.Value{},
		failures: map[*goja.Object]bool{},
	}
	end := c.watch()
	defer func() {
		if p := recover(); p != nil {
			result, err = nil, c.panicked(p)
		}
		stop(nil)
		end()
		c.operations.Wait()
	}()
	return c.do(request)
}

// panicked returns the error of a panic. goja panics to leave JavaScript; any other
// panic is a fault.
func (c *call) panicked(p any) error {
	if err, ok := p.(error); ok {
		if known := c.uncatchable(err); known != nil {
			return known
		}
	}
	// The value of the panic is not logged, because it can contain users' data.
	c.log.LogAttrs(c.out, slog.LevelError, "the JavaScript engine panicked", slog.String("function", c.function),
		slog.String("type", fmt.Sprintf("%T", p)), slog.String("stack", string(debug.Stack())))
	return ended(c.function, ErrInternal)
}

// do calls the function and waits for its result.
func (c *call) do(request Call) (json.RawMessage, error) {
	if err := c.installGlobals(request); err != nil {
		return nil, c.failed(err)
	}
	args := make([]goja.Value, len(request.Args))
	for i, arg := range request.Args {
		value, err := c.read(arg)
		if err != nil {
			return nil, fmt.Errorf("%w: number %d of function %s: %w", ErrArgument, i, c.function, err)
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
	err = c.vmTry(func() { result = c.writeUpTo(value, cmp.Or(request.MaxResult, maxTraffic)) })
	if err != nil {
		return nil, c.failed(err)
	}
	return result, nil
}

// vmTry runs f, outside of JavaScript, and returns what f throws.
func (c *call) vmTry(f func()) error {
	if ex := c.vm.Try(f); ex != nil {
		return ex
	}
	return nil
}

// failed converts an error of goja or of the loop to the error that Call returns.
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

// uncatchable returns an error for a failure that JavaScript cannot catch, and nil
// for any other.
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

// stopped returns the error of a call that was interrupted.
func (c *call) stopped() error {
	cause := context.Cause(c.out)
	if errors.Is(cause, ErrTime) || errors.Is(cause, ErrMemory) {
		return ended(c.function, cause)
	}
	return fmt.Errorf("function %s: %w", c.function, cause)
}

// execute calls a function of the app. It may throw, so the caller must be inside
// JavaScript or vmTry.
func (c *call) execute(name string, args []goja.Value) goja.Value {
	f, ok := goja.AssertFunction(c.load(name))
	if !ok {
		c.fail(fmt.Sprintf("function %s: %v", name, errExports))
	}
	value, err := f(goja.Undefined(), args...)
	if err != nil {
		panic(err)
	}
	return value
}

// load returns what a function's source exports. A source runs once per call.
func (c *call) load(name string) goja.Value {
	if exports, ok := c.exports[name]; ok {
		return exports
	}
	function, ok := c.functions[name]
	if !ok {
		c.fail("function not found: '" + name + "'")
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

// require throws, because modules are not available. It also logs a warning: the
// client sees what is thrown, but the operator does not.
func (c *call) require(request goja.FunctionCall) goja.Value {
	module := cut(text(request.Argument(0)), maxLine)
	c.log.LogAttrs(c.out, slog.LevelWarn, "a function requires a module, but modules are not available: put the code into the function, or into another one that it calls with context.functions.execute",
		slog.String("function", c.function), slog.String("module", module), slog.String("at", c.position()))
	c.fail(fmt.Sprintf("require(%q): Node and npm modules are not available", module))
	return nil
}

// position returns the file and line of the app's code that is running.
func (c *call) position() string {
	for _, frame := range c.vm.CaptureCallStack(0, nil) {
		if file := frame.SrcName(); strings.HasSuffix(file, ".js") {
			return file + ":" + strconv.Itoa(frame.Position().Line)
		}
	}
	return ""
}

// throw throws a JavaScript Error that is the function's own fault.
func (c *call) throw(message string) { panic(c.newError(message)) }

// fail throws a JavaScript Error because something that the function needs has failed.
func (c *call) fail(message string) {
	object := c.newError(message)
	c.failures[object] = true
	panic(object)
}

func (c *call) newError(message string) *goja.Object {
	object, err := c.vm.New(c.vm.Get("Error"), c.vm.ToValue(message))
	if err != nil {
		panic(err)
	}
	return object
}

func (c *call) typeError(format string, args ...any) {
	panic(c.vm.NewTypeError(fmt.Sprintf(format, args...)))
}

// set sets a member of an object that this package created, which cannot fail.
func (c *call) set(object *goja.Object, name string, value any) {
	if err := object.Set(name, value); err != nil {
		panic(err)
	}
}
