package functions

import (
	"context"
	"runtime"
	"runtime/metrics"
	"time"
)

// interval is how often the heap is measured.
const interval = 5 * time.Millisecond

// watch interrupts the JavaScript when the call exceeds its memory or is stopped. The
// caller calls end when the call has ended.
func (c *call) watch() (end func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	heap := growth{lowest: heapBytes(), most: uint64(c.Memory)}
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
		c.enforce(heap, ended)
	}()
	return func() {
		close(ended)
		<-done
	}
}

// enforce ends the process if the call does not stop and its heap grows further.
// Built-ins cannot be interrupted.
func (c *call) enforce(heap growth, ended <-chan struct{}) {
	heap.most += slack / 2
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
			if heap.over() && c.exceeded != nil {
				c.exceeded()
			}
		}
	}
}

// A growth measures how much the heap has grown from its lowest size.
type growth struct{ lowest, most uint64 }

// exceeds reports whether live objects exceed the limit. The heap may hold garbage, so
// exceeds runs the garbage collector before it decides. That costs one collection each
// time the heap grows by the limit.
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
