package functions

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"syscall"
	"time"

	"github.com/tokengraft/tokengraft/internal/reexec"
	"github.com/tokengraft/tokengraft/internal/supervise"
)

// maxAwait is how long a call may take to stop when it is interrupted. After that its
// process is killed.
const maxAwait = 250 * time.Millisecond

// A worker is a process that runs functions, seen from the sidecar.
type worker struct {
	*App
	child  *reexec.Child
	conn   conn
	expiry *time.Timer // ends the process while it is idle

	// Only the call that has the worker uses these.
	reused     bool          // the process was idle before this call
	calls      int64         // how many the process was sent, which is the id of the last one
	broken     bool          // the process must not run another call
	processors time.Duration // how long the process has used processors
}

func newWorker(a *App, child *reexec.Child) *worker {
	return &worker{App: a, child: child, conn: conn{
		in: bufio.NewReaderSize(child, 64<<10), out: child, maxHead: maxHead, maxBody: maxPayload, maxSend: maxLoad,
	}}
}

// setUp gives the process the functions, and waits until it has compiled them.
func (w *worker) setUp() error {
	err := w.conn.send(message{Kind: kindSetup, Setup: w.o.setup()})
	var m message
	if err == nil {
		m, err = w.conn.receive()
	}
	if err == nil {
		return m.Fault.compileFault()
	}
	w.child.Kill()
	switch cause, how := w.child.Cause(); cause {
	case reexec.Memory, reexec.Stack:
		return errors.New("the functions could not be compiled, because that takes too much memory; look for constants such as 2n**(2n**40n)")
	case reexec.Threads: // either of two limits
		return fmt.Errorf("the functions could not be compiled, because a thread could not start: either they take too much memory, then look for constants such as 2n**(2n**40n); or the limit of processes is too low, a process for functions takes about 10 threads (%s)", how)
	default:
		return startFault(fmt.Errorf("%w (%s)", err, how))
	}
}

func startFault(err error) error {
	return fmt.Errorf("a process for functions could not be started: %w; it takes about 10 threads and 16 MiB of memory: check the limits of processes, open files and memory", err)
}

// An answer is what a process says to a call, or err if it says nothing.
type answer struct {
	message
	err error
}

// errNotSent means that a process had ended before it got the whole call, so no part of
// the function has run.
var errNotSent = errors.New("the process has ended before it got the call")

// call runs a function. Its error is as [App.Call] says, or errNotSent.
func (w *worker) call(ctx context.Context, request Call) (json.RawMessage, error) {
	operations, stop := context.WithCancel(ctx)
	defer stop()
	w.calls++
	id := w.calls
	answered := make(chan answer, 1)
	go func() { answered <- w.converse(operations, id, request) }()
	select {
	case got := <-answered:
		return w.outcome(ctx, request, got)
	case <-ctx.Done():
	}
	go w.cancel(ctx, id)
	select {
	case got := <-answered:
		return w.outcome(ctx, request, got)
	case <-time.After(maxAwait):
	}
	w.broken = true
	w.child.Kill()
	<-answered
	w.log.LogAttrs(ctx, slog.LevelError, "a function did not stop at its time limit, because a built-in cannot be interrupted; its process was ended. Look for a regular expression that backtracks, or for very large numbers or arrays",
		slog.String("function", request.Function))
	return nil, endedBy(request.Function, ctx)
}

// cancel asks the process to stop the call with this id. It may have to wait until the
// process reads. The call may be over then, and another one may run.
func (w *worker) cancel(ctx context.Context, id int64) {
	cause := causeCanceled
	if errors.Is(context.Cause(ctx), ErrTime) {
		cause = causeOf(ErrTime)
	}
	_ = w.conn.send(message{Kind: kindCancel, ID: id, Cause: cause}) // if the process has ended, the call ends too
}

// outcome converts an answer to the result of [App.Call].
func (w *worker) outcome(ctx context.Context, request Call, got answer) (json.RawMessage, error) {
	switch {
	case w.reused && errors.Is(got.err, errNotSent):
		w.broken = true
		return nil, errNotSent
	case got.err != nil:
		w.broken = true
		return nil, w.died(ctx, request.Function, got.err)
	case got.Fault == nil:
		w.processors = got.Processors
		return got.payload, nil
	case got.Fault.Cause == causeCanceled:
		return nil, endedBy(request.Function, ctx)
	}
	w.processors = got.Processors
	// The memory of this call may not be free yet, so the next call could reach the limit.
	w.broken = got.Fault.Cause == causeOf(ErrMemory) || got.Fault.Cause == causeOf(ErrStack)
	return nil, got.Fault.err(request.Function)
}

// died returns the error of a call whose process said nothing.
func (w *worker) died(ctx context.Context, function string, fault error) error {
	w.child.Kill()
	reason, how := w.child.Cause()
	switch {
	case reason == reexec.Memory, reason == reexec.Threads: // it had enough threads when it started
		return ended(function, ErrMemory)
	case reason == reexec.Stack:
		return ended(function, ErrStack)
	case ctx.Err() != nil:
		return endedBy(function, ctx)
	}
	w.log.LogAttrs(ctx, slog.LevelError, "the process of a function has ended unexpectedly; the next call starts another. If it was killed, look for the memory limit of the container",
		slog.String("function", function), slog.String("state", how), slog.Any("error", fault))
	return ended(function, ErrProcess)
}

// converse runs the call: it sends it, and then does what the process asks for until
// the process has the result, or asks for more than it may.
func (w *worker) converse(ctx context.Context, id int64, request Call) (got answer) {
	defer supervise.Catch(w.log, "function "+request.Function, &got.err)
	send := message{Kind: kindCall, ID: id, Call: &request, Debug: w.log.Enabled(ctx, slog.LevelDebug)}
	if err := w.conn.send(send); errors.Is(err, syscall.EPIPE) {
		return answer{err: errNotSent}
	} else if err != nil {
		return answer{err: err}
	}
	open := newTransactions(w, request)
	defer open.abort(ctx)
	for sent := (tally{}); ; {
		m, err := w.conn.receive()
		switch {
		case err != nil || m.Kind == kindResult:
			return answer{m, err}
		case !sent.add(m):
			return answer{err: errProtocol}
		case !sent.drops(m):
			w.handle(ctx, m, open)
		}
	}
}

// handle starts an operation that the process asks for, or writes to the log.
func (w *worker) handle(ctx context.Context, m message, open *transactions) {
	switch {
	case m.Kind == kindLog && m.Line != nil:
		m.Line.log(ctx, w.log)
	case m.Kind == kindCommand:
		w.pool.calling.Add(1)
		go w.operate(ctx, w.commands, func() { w.command(ctx, m, open) })
	case m.Kind == kindStep:
		w.pool.calling.Add(1)
		go w.operate(ctx, w.commands, func() { open.step(ctx, m) })
	case m.Kind == kindRequest && m.Request != nil:
		w.pool.calling.Add(1)
		go w.operate(ctx, w.requests, func() { w.fetch(ctx, m) })
	}
}
