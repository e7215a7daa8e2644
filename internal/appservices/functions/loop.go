package functions

import (
	"context"
	"log/slog"
	"sync"

	"github.com/dop251/goja"
)

// A loop brings the results of operations back to the goroutine of the call.
type loop struct {
	settled    chan func() error
	pending    int
	started    int
	slots      chan struct{}
	operations *sync.WaitGroup
	// unhandled are the rejected promises that no code has handled.
	unhandled map[*goja.Promise]bool
}

func newLoop() loop {
	return loop{
		settled:    make(chan func() error),
		slots:      make(chan struct{}, maxParallel),
		operations: new(sync.WaitGroup),
		unhandled:  map[*goja.Promise]bool{},
	}
}

// A rejection is the error of a rejected promise.
type rejection struct{ reason goja.Value }

func (r *rejection) Error() string { return "a promise was rejected" }

// begin starts an operation in its own goroutine and returns its promise. The
// operation must stop when its context ends. The function that it returns runs in
// the goroutine of the call, returns the promise's value, and may throw.
func (c *call) begin(operation func(context.Context) func() goja.Value) goja.Value {
	if c.started++; c.started > maxOperations {
		c.fail("a function may start at most 1000 operations")
	}
	promise, resolve, reject := c.vm.NewPromise()
	c.pending++
	c.operations.Go(func() {
		select {
		case c.slots <- struct{}{}:
		case <-c.out.Done():
			return
		}
		value := c.attempt(operation)
		<-c.slots
		select {
		case c.settled <- func() error { return c.resolve(value, resolve, reject) }:
		case <-c.out.Done():
		}
	})
	return c.vm.ToValue(promise)
}

// attempt converts a panic to a throw. The operation runs outside the goroutine of
// run, where an unrecovered panic would end the sidecar.
func (c *call) attempt(operation func(context.Context) func() goja.Value) (value func() goja.Value) {
	defer func() {
		if p := recover(); p != nil {
			_ = c.panicked(p) // only to log it
			value = func() goja.Value {
				c.fail(ErrInternal.Error())
				return nil
			}
		}
	}()
	return operation(c.out)
}

// resolve settles a promise and runs the code that waits for it. The error is one
// that JavaScript cannot catch.
func (c *call) resolve(value func() goja.Value, resolve, reject func(any) error) error {
	var v goja.Value
	if ex := c.vm.Try(func() { v = value() }); ex != nil {
		return reject(ex.Value())
	}
	return resolve(v)
}

// settle waits until all operations are finished, awaited or not. It returns the
// value, or if that is a promise, what the promise settled to.
func (c *call) settle(value goja.Value) (goja.Value, error) {
	var promise *goja.Promise
	if value.ExportType() == promiseType { // exporting anything else could run getters
		promise = value.Export().(*goja.Promise)
	}
	for c.pending > 0 {
		select {
		case settle := <-c.settled:
			c.pending--
			if err := settle(); err != nil {
				return nil, err
			}
		case <-c.out.Done():
			return nil, context.Cause(c.out)
		}
	}
	delete(c.unhandled, promise)
	if len(c.unhandled) > 0 {
		c.log.LogAttrs(c.out, slog.LevelWarn, "a function started an operation that failed, but does not await it: is an await missing?",
			slog.String("function", c.function), slog.Int("failures", len(c.unhandled)))
	}
	if promise == nil {
		return value, nil
	}
	switch promise.State() {
	case goja.PromiseStateFulfilled:
		return promise.Result(), nil
	case goja.PromiseStateRejected:
		return nil, &rejection{promise.Result()}
	}
	return nil, errForever
}

// track keeps unhandled up to date. goja calls it.
func (l *loop) track(promise *goja.Promise, operation goja.PromiseRejectionOperation) {
	if operation == goja.PromiseRejectionReject {
		l.unhandled[promise] = true
	} else {
		delete(l.unhandled, promise)
	}
}

// count adds to the bytes that the call has read and written, and throws above the
// limit.
func (c *call) count(bytes int) {
	if c.traffic += bytes; c.traffic > maxTraffic {
		c.fail("a function may read and write at most 32 MiB")
	}
}
