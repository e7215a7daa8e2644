package mongodoc

import (
	"slices"
	"sync"

	"go.mongodb.org/mongo-driver/v2/event"
)

// primaries notices when another server has become the primary, or the same one
// in another election. What was read from the previous primary may be rolled back,
// and no change stream shows that. Behind a mongos, elections are not visible.
type primaries struct {
	mu          sync.Mutex
	current     string    // which server, by which election; empty until one is known
	subscribers []*func() // guarded by mu
}

// topologyChanged looks for a new primary in what the driver has learned. The driver
// calls it when it no longer reads from the previous one, in a goroutine where
// nobody can catch a panic, which would end the process. So it only compares and
// calls the subscribers.
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

// subscribe has f called at each change of the primary until stop is called. f must
// not block: the driver's monitor waits for it.
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
