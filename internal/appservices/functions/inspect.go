package functions

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/tokengraft/tokengraft/internal/reexec"
)

// A Missing is a place in a function that uses something which functions do not have,
// or that does not compile.
type Missing struct {
	Function     string
	Line, Column int // from 1
	// Text names what is missing, and says what to do.
	Text string
}

// String returns FUNCTION.js:LINE:COLUMN: TEXT.
func (m Missing) String() string {
	return fmt.Sprintf("%s.js:%d:%d: %s", m.Function, m.Line, m.Column, m.Text)
}

// An Inspection says what [Inspect] looks at.
type Inspection struct {
	// Functions are the sources by name.
	Functions map[string]string
	// Called are the functions to look at, with those that they execute. Nil means all.
	Called []string
	// Services are the names of the database. Nil allows every name.
	Services []string
}

// Inspect finds, without running anything, where functions use a global or a member
// that they do not have, in the order of functions and lines. It does not know what a
// variable contains, so it finds only what it is sure of. It runs in a process of its
// own, like the compiler.
func Inspect(ctx context.Context, in Inspection) ([]Missing, error) {
	child, err := reexec.Start(processName)
	if err != nil {
		return nil, startFault(err)
	}
	defer func() {
		child.Kill()
		<-child.Done()
	}()
	ctx, cancel := context.WithTimeout(ctx, compileTimeout)
	defer cancel()
	defer context.AfterFunc(ctx, child.Kill)()
	c := conn{in: bufio.NewReaderSize(child, 64<<10), out: child, maxHead: maxHead, maxBody: maxPayload, maxSend: maxLoad}
	if err := c.send(message{Kind: kindInspect, Inspection: &in}); err != nil {
		return nil, startFault(err)
	}
	m, err := c.receive()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("the process of the inspection has ended: %w", err)
	case m.Fault != nil:
		return nil, m.Fault.compileFault()
	}
	var found []Missing
	return found, json.Unmarshal(m.payload, &found)
}

// inspect is the other side of [Inspect].
func (c *child) inspect(in Inspection) (found []byte, err error) {
	debug.SetMaxStack(maxStack)
	if err := reexec.Limit(inspectionMemory, maxProcessors); err != nil {
		return nil, err
	}
	return json.Marshal(in.look())
}

// inspectionMemory is what an inspection may take, in bytes.
const inspectionMemory = 256 << 20
