package fair_test

import (
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/fair"
)

func TestPeer_IsAnIPv4AddressOrAnIPv6Network(t *testing.T) {
	for client, want := range map[string]string{
		"192.0.2.1":            "192.0.2.1",
		"::ffff:192.0.2.1":     "192.0.2.1",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::",
		"2001:db8:1:2::ffff":   "2001:db8:1:2::",
		"2001:db8:1:3::ffff":   "2001:db8:1:3::",
		"fe80::1:2:3:4%eth0":   "fe80::",
		"::1":                  "::",
	} {
		if got := fair.Peer(netip.MustParseAddr(client)); got != netip.MustParseAddr(want) {
			t.Errorf("Peer(%s) = %s, want %s", client, got, want)
		}
	}
	if got := fair.Peer(netip.Addr{}); got.IsValid() {
		t.Errorf("Peer of no address = %s, want none", got)
	}
}

func TestCompany_RemembersOthersForAMinute(t *testing.T) {
	var company fair.Company
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	start := time.Now()
	for _, step := range []struct {
		after time.Duration
		peer  netip.Addr
		want  bool
	}{
		{0, a, false}, {time.Second, a, false}, {2 * time.Second, b, true}, {3 * time.Second, a, true},
		{62 * time.Second, a, true}, {64 * time.Second, a, false}, {70 * time.Second, b, true},
	} {
		if got := company.Saw(step.peer, start.Add(step.after)); got != step.want {
			t.Errorf("after %v, %s is with others: got %t, want %t", step.after, step.peer, got, step.want)
		}
	}
}

// A bound can be so large that it is none.
func TestMayHold_WithTheLargestBound(t *testing.T) {
	for _, free := range []int64{math.MaxInt64 - 1, math.MaxInt64 / 2, math.MaxInt64/4 + 1} {
		if !fair.MayHold(1, free) {
			t.Errorf("MayHold(1, %d) = false, want true", free)
		}
	}
	for _, c := range []struct {
		held, free int64
		want       bool
	}{{0, 0, true}, {1, 0, false}, {0, -1, false}, {4, 1, true}, {5, 1, false}} {
		if got := fair.MayHold(c.held, c.free); got != c.want {
			t.Errorf("MayHold(%d, %d) = %t, want %t", c.held, c.free, got, c.want)
		}
	}
}

// However many peers take as much as they may, the next one still gets something.
func TestMayHold_LeavesSomethingToTheNextPeer(t *testing.T) {
	const bound = 1000
	for peers, most := range map[int]int64{1: 800, 2: 445, 3: 308, 20: 50} {
		held, free := make([]int64, peers), int64(bound)
		for grew := true; grew; {
			grew = false
			for i := range held {
				if free > 0 && fair.MayHold(held[i]+1, free-1) {
					held[i], free, grew = held[i]+1, free-1, true
				}
			}
		}
		for i, h := range held {
			if h > most || h < most*9/10 {
				t.Errorf("%d peers: peer %d holds %d, want about %d", peers, i, h, most)
			}
		}
		if !fair.MayHold(1, free-1) {
			t.Errorf("%d peers: another may hold nothing of the %d that are free", peers, free)
		}
	}
}
