// Package fair decides how much of a bound one client address may use. A client that is
// alone may use all of it. Otherwise each may hold a multiple of what is free, so that
// something stays free for the next one.
package fair

import (
	"net/netip"
	"time"
)

// Peer returns the address by which a client is known. An IPv6 client can choose the
// last 64 bits of its address, so they do not count.
func Peer(client netip.Addr) netip.Addr {
	client = client.Unmap().WithZone("")
	if !client.Is6() {
		return client
	}
	network, _ := client.Prefix(64) // no error: the address has 128 bits
	return network.Addr()
}

// multiple is how many times of what is free a peer may hold. So one peer gets at most
// 4/5 of a bound, and two get 4/9 each. 1/9 stays free then.
const multiple = 4

// MayHold reports whether a peer that is not alone may hold this much of a bound, of
// which then that much is free.
func MayHold(held, free int64) bool {
	return (held+multiple-1)/multiple <= free // held <= multiple*free, which could overflow
}

// remembered is how long a peer counts after it was seen.
const remembered = time.Minute

// A Company knows whether there has been more than one peer recently. The zero Company has
// seen none. It is not safe for concurrent use.
type Company struct {
	last    netip.Addr
	changed time.Time // when last was not the one before
}

// Saw says that a peer came, and reports whether another came within the last minute.
// One that came earlier may still be there. The Company does not know that.
func (c *Company) Saw(peer netip.Addr, now time.Time) (others bool) {
	if peer != c.last {
		if c.last.IsValid() {
			c.changed = now
		}
		c.last = peer
	}
	return c.Several(now)
}

// Several reports whether more than one peer was seen, and the last change from one to
// another was within the last minute.
func (c *Company) Several(now time.Time) bool {
	return !c.changed.IsZero() && now.Sub(c.changed) < remembered
}
