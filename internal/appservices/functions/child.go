package functions

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokengraft/tokengraft/internal/reexec"
)

// processName is the name of the processes that run functions.
const processName = "tokengraft-functions"

func init() { reexec.Register(processName, serve) }

const (
	// slack is how much memory a process may take beyond the memory of a call: for
	// garbage, and for what the engine allocates in one step. At this limit the
	// process ends.
	slack = 24 << 20
	// maxStack is the size of the largest stack in Go, which some built-ins use.
	maxStack = 32 << 20
	// maxProcessors is how long a process may use processors in all its life. The
	// kernel kills it then. The sidecar replaces it at maxUsed.
	maxProcessors = 10 * time.Minute
	maxUsed       = 5 * time.Minute
)

// A child is the process that runs functions, seen from inside. It runs one call at a
// time.
type child struct {
	conn    conn
	program *program
	debug   atomic.Bool // whether the console of the call is logged
	// The goroutine of serve uses these. A cancellation may come before its call, and
	// after it, when the next call runs.
	call     int64 // the id of the call that runs, or ran last
	stop     context.CancelCauseFunc
	canceled message // the last one of kindCancel

	mu         sync.Mutex
	operations map[int64]*operation // those that wait for the sidecar
	last       int64                // the last id of an operation
}

// An operation waits for an answer of the sidecar. Only the goroutine of serve uses it
// until it is done.
type operation struct {
	response *httpResponse
	content  []byte
	fault    *failure
	done     chan struct{}
}

// serve is the main loop of the process. It returns when the sidecar ends the pipe, or
// exits.
func serve(in io.Reader, out io.Writer) {
	c := &child{
		conn:       conn{in: bufio.NewReaderSize(in, 64<<10), out: out, maxHead: maxLoad, maxBody: maxLoad, maxSend: maxHead},
		operations: map[int64]*operation{}, stop: func(error) {},
	}
	for {
		m, err := c.conn.receive()
		if err != nil {
			return
		}
		c.handle(m)
	}
}

func (c *child) handle(m message) {
	switch m.Kind {
	case kindSetup:
		_ = c.conn.send(message{Kind: kindReady, Fault: failureOf(c.setUp(*m.Setup))}) // the next receive fails too
	case kindCall:
		ctx, stop := context.WithCancelCause(context.Background())
		c.call, c.stop = m.ID, stop
		c.debug.Store(m.Debug)
		c.stopCanceled()
		go c.run(ctx, *m.Call)
	case kindCancel:
		c.canceled = m
		c.stopCanceled()
	case kindInspect:
		found, err := c.inspect(*m.Inspection)
		_ = c.conn.send(message{Kind: kindResult, Fault: failureOf(err), payload: found}) // as above
	case kindReply, kindResponse, kindChunk, kindEnd:
		c.deliver(m)
	}
}

// stopCanceled stops the call if it is the one that was canceled.
func (c *child) stopCanceled() {
	if c.canceled.ID == c.call {
		c.stop(causes[c.canceled.Cause])
	}
}

func (c *child) setUp(s setup) (err error) {
	debug.SetMaxStack(maxStack)
	if err := reexec.Limit(s.Memory+slack, maxProcessors); err != nil {
		return err
	}
	if c.program, err = newProgram(s, c, slog.New(&childLog{child: c})); err != nil {
		return err
	}
	c.program.exceeded = reexec.ExitMemory
	return nil
}

func (c *child) run(ctx context.Context, request Call) {
	result, err := c.program.run(ctx, request)
	if request.Discard {
		result = json.RawMessage("null")
	}
	_ = c.conn.send(message{Kind: kindResult, Fault: failureOf(err), Processors: processors(), payload: result}) // as above
	if heapBytes() > keptHeap {
		debug.FreeOSMemory()
	}
}

// keptHeap is the size of a heap that stays as it is between two calls.
const keptHeap = 12 << 20

// ask sends an operation to the sidecar and waits until it is done.
func (c *child) ask(ctx context.Context, m message) (*operation, error) {
	o := &operation{done: make(chan struct{})}
	c.mu.Lock()
	c.last++
	m.ID = c.last
	c.operations[m.ID] = o
	c.mu.Unlock()
	defer c.forget(m.ID)
	if err := c.conn.send(m); err != nil {
		return nil, shown("the request is too large")
	}
	select {
	case <-o.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if o.fault != nil {
		return nil, shown(o.fault.Text)
	}
	return o, nil
}

func (c *child) forget(id int64) *operation {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.operations[id]
	delete(c.operations, id)
	return o
}

func (c *child) find(id int64) *operation {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.operations[id]
}

// deliver gives a message to its operation. The operation may have ended with its
// call.
func (c *child) deliver(m message) {
	o := c.find(m.ID)
	if o == nil {
		return
	}
	if o.content == nil {
		o.content = m.payload
	} else {
		o.content = append(o.content, m.payload...)
	}
	switch m.Kind {
	case kindResponse:
		o.response = m.Response
	case kindReply, kindEnd:
		o.fault = m.Fault
		c.forget(m.ID)
		close(o.done)
	}
}

// command implements [host].
func (c *child) command(ctx context.Context, function, database string, command []byte, transaction int64) ([]byte, error) {
	o, err := c.ask(ctx, message{Kind: kindCommand, Function: function, Database: database, Transaction: transaction, payload: command})
	if err != nil {
		return nil, err
	}
	return o.content, nil
}

// step implements [host].
func (c *child) step(ctx context.Context, function string, s step, transaction int64) ([]byte, error) {
	o, err := c.ask(ctx, message{Kind: kindStep, Function: function, Step: s, Transaction: transaction})
	if err != nil {
		return nil, err
	}
	return o.content, nil
}

// fetch implements [host].
func (c *child) fetch(ctx context.Context, function string, request httpRequest, body []byte) (*httpResponse, []byte, error) {
	o, err := c.ask(ctx, message{Kind: kindRequest, Function: function, Request: &request, payload: body})
	if err != nil {
		return nil, nil, err
	}
	return o.response, o.content, nil
}
