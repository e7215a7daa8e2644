package mongodoc

import (
	"slices"
	"sync"

	"go.mongodb.org/mongo-driver/v2/event"
)

// primaries detects when another server has become the primary, or the same server
// after another election. Writes that were read from the previous primary may be
// rolled back, and no change stream shows that. Elections behind a mongos are not
// visible.
type primaries struct {
	mu          sync.Mutex
	current     string    // address and election id of the primary; empty until one is known
	subscribers []*func() // guarded by mu
}

// topologyChanged handles an event of the driver. By then the driver no longer sends
// reads to the previous primary. The event arrives in a goroutine of the driver, where
// a panic would end the process, so topologyChanged only compares and calls the
// subscribers.
func (p *primaries) topologyChanged(e *event.TopologyDescriptionChangedEvent) {
	for _, server := range e.NewDescription.Servers {
		if server.Kind == "RSPrimary" {
			p.set(server.Addr.String() + " " + server.ElectionID.Hex())
		}
	}
}

func (p *primaries) set(primary string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != "" && p.current != primary {
		for _, call := range p.subscribers {
			(*call)()
		}
	}
	p.current = primary
}

// subscribe calls f at each change of the primary, until stop is called. f must not
// block, because the driver's monitor waits for it.
func (p *primaries) subscribe(f func()) (stop func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.subscribers = append(p.subscribers, &f)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.subscribers = slices.DeleteFunc(p.subscribers, func(other *func()) bool { return other == &f })
	}
}
