package budget

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

var one, other = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")

// fill makes requests of a client until it gets nothing more, and returns how many got
// something.
func fill(b *Budget, client netip.Addr, n int64) (got int) {
	for b.Of(client).Take(n) {
		got++
	}
	return got
}

func TestPart_LeavesSomethingToOtherClients(t *testing.T) {
	b := New(1000)
	b.Of(other).Take(0) // it has come
	if got := fill(b, one, 10); got != 80 {
		t.Errorf("the client with most got %d requests of 100, want 80", got)
	}
	if got := fill(b, other, 10); got < 10 {
		t.Errorf("another client got %d requests, want at least 10", got)
	}
	if !b.Of(netip.MustParseAddr("192.0.2.3")).Take(10) {
		t.Error("a third client got nothing")
	}
	if b.Of(one).TakeLarge(1) {
		t.Error("TakeLarge = true with more than three quarters used, want false")
	}
}

func TestPart_OnlyClientMayTakeEverything(t *testing.T) {
	b := New(1000)
	if got := fill(b, one, 10); got != 100 {
		t.Errorf("the only client got %d requests, want all 100", got)
	}
	if b.Of(other).Take(10) {
		t.Error("another got bytes that are not there")
	}
	unknown := New(1000)
	unknown.Of(other).Take(0)
	if got := fill(unknown, netip.Addr{}, 10); got != 100 {
		t.Errorf("clients that are not known got %d requests, want all 100", got)
	}
}

// A client that holds something is there, even if it takes nothing more for long.
func TestPart_CountsClientsThatHoldSomething(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(1000)
		stream := b.Of(other)
		stream.Take(10)
		b.Of(one).Take(0)
		time.Sleep(2 * time.Minute)
		if got := fill(b, one, 10); got != 79 {
			t.Errorf("the client with most got %d requests of 99, want 79", got)
		}
		stream.Return(10)
		time.Sleep(2 * time.Minute)
		if got := fill(b, one, 10); got != 21 {
			t.Errorf("when it was alone, the client got %d requests of 21, want all", got)
		}
	})
}

// A client's only request may be as large as if there were no others.
func TestPart_OnlyRequestOfAClientIsNotDivided(t *testing.T) {
	b := New(1000)
	b.Of(other).Take(0)
	only := b.Of(one)
	for range 2 {
		if !only.Take(500) {
			t.Errorf("Take(500) = false with %d of 1000 used, all by the only request of a client; want true", b.Used())
		}
	}
	only.Return(1000)
	if b.Used() != 0 || len(b.held) != 0 {
		t.Errorf("after everything was returned, %d bytes of %d clients are used, want none", b.Used(), len(b.held))
	}
}

func TestPart_CountsAnIPv6NetworkAsOneClient(t *testing.T) {
	b := New(1000)
	b.Of(other).Take(0)
	got := 0
	for i := range 100 {
		if b.Of(netip.AddrFrom16([16]byte{0x20, 0x01, 15: byte(i)})).Take(10) {
			got++
		}
	}
	if got != 80 {
		t.Errorf("addresses of one /64 got %d requests of 100, want 80", got)
	}
}
