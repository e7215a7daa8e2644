package connlimit

import (
	"container/heap"
	"net"
	"net/netip"
	"time"

	"github.com/tokengraft/tokengraft/internal/fair"
)

// A peer is what a pool has of one client address.
type peer struct {
	address netip.Addr
	open    int   // connections that are not closed
	holds   share // of all its connections
	waiting list  // connections in which no request is served
	place   int   // in the ranking; used while a connection waits
}

// few is up to which weight peers count as equal: about eight connections. Where no client
// has more, the connection that waits longest is closed, whatever the headers.
const few = 8 * 2 * Cost

// weight is how much of a pool a peer has, in bytes. A connection has its own weight
// besides its memory, because connections are limited, too.
func (p *peer) weight() int64 {
	return max(few, p.holds.bytes+int64(p.holds.connections)*Cost)
}

func peerAddress(tcp *net.TCPConn) netip.Addr {
	remote, ok := tcp.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return fair.Peer(remote.AddrPort().Addr())
}

// peers are the peers of a pool. Those with a waiting connection are also in a ranking,
// a heap in which the first is the one with the largest weight. Finding that one must
// cost little while thousands of connections are opened.
type peers struct {
	known   map[netip.Addr]*peer
	company fair.Company
	ranked
}

// enter returns the peer with an address for one more connection.
func (ps *peers) enter(address netip.Addr) *peer {
	ps.company.Saw(address, time.Now())
	p := ps.known[address]
	if p == nil {
		p = &peer{address: address}
		ps.known[address] = p
	}
	p.open++
	return p
}

// several reports whether there is more than one peer, or was within the last minute. A
// peer with requests in an old connection counts, though it does not come again.
func (ps *peers) several() bool { return len(ps.known) > 1 || ps.company.Several(time.Now()) }

// leave is called when a connection of p is closed.
func (ps *peers) leave(p *peer) {
	if p.open--; p.open == 0 {
		delete(ps.known, p.address)
	}
}

// greediest returns the peer with the largest weight of those that have a waiting
// connection, or nil. Of equal peers it is the one with the connection that waits longest.
func (ps *peers) greediest() *peer {
	if len(ps.ranked) == 0 {
		return nil
	}
	return ps.ranked[0]
}

// wait adds c to the connections that wait.
func (ps *peers) wait(c *conn) {
	c.peer.waiting.add(c)
	if c.older == nil {
		heap.Push(&ps.ranked, c.peer)
	}
}

// unwait removes c from the connections that wait, if it is one of them.
func (ps *peers) unwait(c *conn) {
	if c.in != &c.peer.waiting {
		return
	}
	c.peer.waiting.remove(c)
	if c.peer.waiting.first() == nil {
		heap.Remove(&ps.ranked, c.peer.place)
		return
	}
	ps.weighed(c.peer)
}

// weighed must be called after what p holds has changed.
func (ps *peers) weighed(p *peer) {
	if p.waiting.first() != nil {
		heap.Fix(&ps.ranked, p.place)
	}
}

// ranked implements [heap.Interface].
type ranked []*peer

func (r ranked) Len() int { return len(r) }

func (r ranked) Less(i, j int) bool {
	if a, b := r[i].weight(), r[j].weight(); a != b {
		return a > b
	}
	return r[i].waiting.first().since < r[j].waiting.first().since
}

func (r ranked) Swap(i, j int) {
	r[i], r[j] = r[j], r[i]
	r[i].place, r[j].place = i, j
}

func (r *ranked) Push(p any) {
	p.(*peer).place = len(*r)
	*r = append(*r, p.(*peer))
}

func (r *ranked) Pop() any {
	old := *r
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*r = old[:len(old)-1]
	return last
}
