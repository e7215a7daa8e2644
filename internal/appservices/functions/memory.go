package functions

import (
	"context"
	"runtime"
	"runtime/metrics"
	"time"

	// For the bound of what goja matches.
	"github.com/dlclark/regexp2/v2"
)

func init() {
	// A match cannot be interrupted, and goja takes one that timed out for none.
	// So it must not time out before the call has: then nobody sees the answer.
	regexp2.DefaultMatchTimeout = MaxTimeout + time.Second
}

// interval is between two looks at the heap.
const interval = 5 * time.Millisecond

// watch ends the JavaScript when the call's time or memory is used up, and
// stops, closing its channel, when the call does.
func (c *call) watch() (stopped <-chan struct{}) {
	done := make(chan struct{})
	heap := growth{lowest: heapBytes(), most: uint64(c.o.Memory)}
	go func() {
		defer close(done)
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for c.out.Err() == nil {
			select {
			case <-c.out.Done():
			case <-tick.C:
				if heap.exceeds() {
					c.stop(ErrMemory)
				}
			}
		}
		c.vm.Interrupt(context.Cause(c.out))
	}()
	return done
}

// A growth of the heap is measured from its lowest level.
type growth struct{ lowest, most uint64 }

// exceeds lets the collector decide: what is above may be garbage, of this call
// or of busy logins. That costs a cycle for each time that much was allocated.
func (g *growth) exceeds() bool {
	if !g.over() {
		return false
	}
	runtime.GC()
	return g.over()
}

func (g *growth) over() bool {
	now := heapBytes()
	g.lowest = min(g.lowest, now)
	return now-g.lowest > g.most
}

// heapBytes is what objects take, dead ones that were not swept included.
func heapBytes() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
