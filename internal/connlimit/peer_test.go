package connlimit

import (
	"math/rand/v2"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// The ranking always names the peer that a search of all would find.
func TestPeers_FindTheGreediest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	p := New(Options{})
	var conns []*conn
	for step := range 20_000 {
		switch {
		case len(conns) < 50 || random.IntN(3) == 0 && len(conns) < 300:
			address := netip.AddrFrom4([4]byte{10, 0, 0, byte(random.IntN(12))})
			c := &conn{pool: p, peer: p.peers.enter(address)}
			p.add(c, share{1, Cost})
			conns = append(conns, c)
		default:
			i := random.IntN(len(conns))
			switch c := conns[i]; random.IntN(4) {
			case 0:
				p.drop(c)
				conns[i] = conns[len(conns)-1]
				conns = conns[:len(conns)-1]
			case 1:
				p.add(c, share{bytes: random.Int64N(200_000)})
			default:
				p.setState(c, []http.ConnState{http.StateActive, http.StateIdle}[random.IntN(2)])
			}
		}
		if got, want := p.peers.greediest(), search(p); got != want {
			t.Fatalf("step %d: the ranking has %+v, a search finds %+v", step, got, want)
		}
	}
}

func search(p *Pool) (best *peer) {
	for _, one := range p.peers.known {
		first := one.waiting.first()
		if first == nil {
			continue
		}
		if best == nil || one.weight() > best.weight() || one.weight() == best.weight() && first.since < best.waiting.first().since {
			best = one
		}
	}
	return best
}

// enterAndHold opens connections with requests from an address until the pool refuses one,
// and returns how many it got.
func enterAndHold(p *Pool, address netip.Addr) (got int) {
	for {
		c := &conn{pool: p, peer: p.peers.enter(address)}
		if p.take(c, share{1, Cost}) != "" {
			p.drop(c)
			return got
		}
		got++
	}
}

var (
	balancer = netip.MustParseAddr("192.0.2.1")
	attacker = netip.MustParseAddr("192.0.2.2")
)

// A client with one HTTP/2 connection opens no other one for hours.
func TestPool_LeavesRoomForAClientWithAnOldConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{Bounds: Bounds{Connections: 100, Memory: 1 << 30}})
		old := &conn{pool: p, peer: p.peers.enter(balancer)}
		p.take(old, share{1, Cost})
		p.drop(&conn{pool: p, peer: p.peers.enter(attacker)})
		time.Sleep(2 * time.Minute)
		if got := enterAndHold(p, attacker); got != 79 {
			t.Errorf("another client got %d connections of 99, want 79", got)
		}
		if limit := p.take(old, share{connections: 1}); limit != "" {
			t.Errorf("a request in the old connection reaches the limit %s", limit)
		}
	})
}

func TestPool_GivesAllToTheLastClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{Bounds: Bounds{Connections: 100, Memory: 1 << 30}})
		p.drop(&conn{pool: p, peer: p.peers.enter(attacker)})
		old := &conn{pool: p, peer: p.peers.enter(balancer)}
		p.take(old, share{1, Cost})
		time.Sleep(2 * time.Minute)
		for i := range 99 {
			if limit := p.take(old, share{connections: 1}); limit != "" {
				t.Fatalf("request %d of 99 in the only connection reaches the limit %s", i+1, limit)
			}
		}
	})
}

func TestPeers_AllocateNothingForARequest(t *testing.T) {
	p := New(Options{})
	var one *conn
	for i := range 1000 {
		c := &conn{pool: p, peer: p.peers.enter(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))}
		p.add(c, share{1, Cost})
		p.setState(c, http.StateIdle)
		one = c
	}
	if n := testing.AllocsPerRun(100, func() {
		p.setState(one, http.StateActive)
		p.setState(one, http.StateIdle)
	}); n != 0 {
		t.Errorf("a request allocates %v times, want 0", n)
	}
}

// BenchmarkPool_Request is what a request costs in a pool with 10,000 connections of as
// many clients.
func BenchmarkPool_Request(b *testing.B) {
	p := New(Options{})
	var conns []*conn
	for i := range 10_000 {
		c := &conn{pool: p, peer: p.peers.enter(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))}
		p.add(c, share{1, Cost})
		p.setState(c, http.StateIdle)
		conns = append(conns, c)
	}
	for i := 0; b.Loop(); i++ {
		c := conns[i%len(conns)]
		p.setState(c, http.StateActive)
		p.setState(c, http.StateIdle)
	}
}
