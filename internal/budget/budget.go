// Package budget bounds what requests may use together: memory, and turns. All proxies
// of a process share one of each, so that a reload does not double the bounds.
package budget

import (
	"net/netip"
	"sync"
	"time"

	"github.com/tokengraft/tokengraft/internal/fair"
)

// A Budget is a number of bytes. A request takes bytes before it allocates them, and
// returns them when the memory is free. A Budget never waits. It is safe for concurrent
// use.
type Budget struct {
	mu      sync.Mutex
	limit   int64
	used    int64
	held    map[netip.Addr]int64 // by those who hold something
	company fair.Company
}

// New returns a budget of limit bytes.
func New(limit int64) *Budget { return &Budget{limit: limit, held: map[netip.Addr]int64{}} }

// A Part is what one request of a client takes of a budget. It is safe for concurrent
// use.
type Part struct {
	budget *Budget
	client netip.Addr
	held   int64 // guarded by Budget.mu
}

// Of returns a part for a request of a client. While there are other clients, one that
// has several requests cannot take all of the budget: see [fair.MayHold]. That does not
// apply to the zero address.
func (b *Budget) Of(client netip.Addr) *Part { return &Part{budget: b, client: fair.Peer(client)} }

// Take takes n bytes. If fewer than n are left, it takes none and returns false.
func (p *Part) Take(n int64) bool { return p.budget.take(p, n, 0) }

// TakeLarge takes n bytes for something large or long. It leaves a quarter of the budget
// to Take, so that small requests still work while others use up their part.
func (p *Part) TakeLarge(n int64) bool { return p.budget.take(p, n, 4) }

// Return returns n bytes that were taken.
func (p *Part) Return(n int64) {
	b := p.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	b.add(p, -n)
	if b.used < 0 || b.held[p.client] < 0 {
		panic("budget: more bytes were returned than taken")
	}
}

// Take is [Part.Take] for a client that is not known.
func (b *Budget) Take(n int64) bool { return b.Of(netip.Addr{}).Take(n) }

// TakeLarge is [Part.TakeLarge] for a client that is not known.
func (b *Budget) TakeLarge(n int64) bool { return b.Of(netip.Addr{}).TakeLarge(n) }

// Return is [Part.Return] for a client that is not known.
func (b *Budget) Return(n int64) { b.Of(netip.Addr{}).Return(n) }

// take takes n bytes, and leaves one of so many parts of the budget.
func (b *Budget) take(p *Part, n, leaves int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	others := b.company.Saw(p.client, time.Now()) || b.othersHold(p.client)
	free := b.limit - b.used - n
	if leaves > 0 {
		free -= b.limit / leaves
	}
	if free < 0 {
		return false
	}
	held := b.held[p.client]
	if others && p.client.IsValid() && held > p.held && !fair.MayHold(held+n, free) {
		return false
	}
	b.add(p, n)
	return true
}

// othersHold reports whether clients besides this one hold something. They count, however
// long ago they took it.
func (b *Budget) othersHold(client netip.Addr) bool {
	_, holds := b.held[client]
	return len(b.held) > 1 || len(b.held) == 1 && !holds
}

func (b *Budget) add(p *Part, n int64) {
	b.used += n
	p.held += n
	if b.held[p.client] += n; b.held[p.client] == 0 {
		delete(b.held, p.client)
	}
}

// Resize changes the limit. Bytes that were taken stay taken, even if they are more
// than the new limit.
func (b *Budget) Resize(limit int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.limit = limit
}

// Limit returns the size of the budget in bytes.
func (b *Budget) Limit() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.limit
}

// Used returns how many bytes are taken.
func (b *Budget) Used() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}
