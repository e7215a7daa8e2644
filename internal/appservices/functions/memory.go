package functions

import (
	"context"
	"runtime"
	"runtime/metrics"
	"time"

	// goja matches regular expressions with it.
	"github.com/dlclark/regexp2/v2"
)

func init() {
	// A match cannot be interrupted, and goja treats a match that timed out as no
	// match. So a match must time out only after its call, whose result is an error
	// by then.
	regexp2.DefaultMatchTimeout = MaxTimeout + time.Second
}

// interval is how often the heap is measured.
const interval = 5 * time.Millisecond

// watch interrupts the JavaScript when the call exceeds its time or memory. It stops
// when the call ends, and then closes the channel.
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

// A growth measures how much the heap has grown from its lowest size.
type growth struct{ lowest, most uint64 }

// exceeds reports whether live objects exceed the limit. The heap may hold garbage,
// of this call or of other requests, so exceeds runs the garbage collector before it
// decides. That costs one collection each time the heap grows by the limit.
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

// heapBytes returns the size of all objects on the heap, including dead objects that
// have not been swept.
func heapBytes() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
