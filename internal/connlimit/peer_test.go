package connlimit

import (
	"math/rand/v2"
	"net/netip"
	"testing"
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
				p.setWaiting(c, random.IntN(2) == 0)
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

func TestPeers_AllocateNothingForARequest(t *testing.T) {
	p := New(Options{})
	var one *conn
	for i := range 1000 {
		c := &conn{pool: p, peer: p.peers.enter(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))}
		p.add(c, share{1, Cost})
		p.setWaiting(c, true)
		one = c
	}
	if n := testing.AllocsPerRun(100, func() {
		p.setWaiting(one, false)
		p.setWaiting(one, true)
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
		p.setWaiting(c, true)
		conns = append(conns, c)
	}
	for i := 0; b.Loop(); i++ {
		c := conns[i%len(conns)]
		p.setWaiting(c, false)
		p.setWaiting(c, true)
	}
}
