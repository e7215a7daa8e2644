package functions

import (
	"context"
	"log/slog"
	"sync"

	"github.com/dop251/goja"
)

// A loop brings the results of operations back to the goroutine of the call.
type loop struct {
	settled chan func() error
	pending int
	started int
	slots   chan struct{}
	begun   *sync.WaitGroup
	// alone are rejected promises that nobody has asked about.
	alone map[*goja.Promise]bool
}

func newLoop() loop {
	return loop{
		settled: make(chan func() error),
		slots:   make(chan struct{}, maxParallel),
		begun:   new(sync.WaitGroup),
		alone:   map[*goja.Promise]bool{},
	}
}

// A rejection is a promise that ended badly.
type rejection struct{ reason goja.Value }

func (r *rejection) Error() string { return "a promise was rejected" }

// begin starts an operation and returns its promise. What the operation returns
// makes the promise's value, back in the goroutine of the call; there it may
// throw. The operation honours its context.
func (c *call) begin(operation func(context.Context) func() goja.Value) goja.Value {
	if c.started++; c.started > maxOperations {
		c.throw("a function may begin 1000 operations, and this is one more")
	}
	promise, resolve, reject := c.vm.NewPromise()
	c.pending++
	c.begun.Go(func() {
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

// attempt makes a throw of a panic: outside the goroutine of run nobody else would
// catch it, and the sidecar would end.
func (c *call) attempt(operation func(context.Context) func() goja.Value) (value func() goja.Value) {
	defer func() {
		if p := recover(); p != nil {
			_ = c.panicked(p) // for the log
			value = func() goja.Value {
				c.throw(ErrInternal.Error())
				return nil
			}
		}
	}()
	return operation(c.out)
}

// resolve settles a promise and runs what waited for it. Its error is an end
// that no JavaScript can catch.
func (c *call) resolve(value func() goja.Value, resolve, reject func(any) error) error {
	var v goja.Value
	if ex := c.vm.Try(func() { v = value() }); ex != nil {
		return reject(ex.Value())
	}
	return resolve(v)
}

// settle waits until a value is settled, if it is a promise, and every operation
// is done: one that nobody awaits is finished, too.
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
	delete(c.alone, promise)
	if len(c.alone) > 0 {
		c.log.LogAttrs(c.out, slog.LevelWarn, "a function began what failed, and nobody awaits it: is an await missing?",
			slog.String("function", c.function), slog.Int("failures", len(c.alone)))
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

// track keeps alone what it says.
func (l *loop) track(promise *goja.Promise, operation goja.PromiseRejectionOperation) {
	if operation == goja.PromiseRejectionReject {
		l.alone[promise] = true
	} else {
		delete(l.alone, promise)
	}
}

// count adds to what the call has read and written, within its bound.
func (c *call) count(bytes int) {
	if c.traffic += bytes; c.traffic > maxTraffic {
		c.throw("a function may read and write 32 MiB, and this is more")
	}
}
