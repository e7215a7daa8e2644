package keydir

import (
	"fmt"
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
)

// MaxAge is how long clients may cache a JWK Set with these keys.
const MaxAge = 5 * time.Minute

// How long a rotation waits (law E3).
const (
	// clockSkew is the largest allowed difference between the clocks of the machines
	// that share a directory.
	clockSkew = time.Minute
	// propagation is the time in which every replica starts to publish a new key
	// (law E2).
	propagation = 10 * time.Second
	// Publication is how long a key is published before it signs. By then, every
	// client has fetched a JWK Set with the key, even one that cached the old set
	// just before the last replica published the key.
	Publication = propagation + MaxAge + clockSkew
)

// DefaultRetireAfter is the default for how long a retired key is published.
const DefaultRetireAfter = 24 * time.Hour

// A State is the stage of a key's life.
type State string

// The states.
const (
	Next    State = "next"    // published, does not sign yet
	Active  State = "active"  // signs
	Retired State = "retired" // no longer signs; still verifies and restores
)

// keyList holds the keys of a directory, sorted by the time at which they start to
// sign, then by file name.
type keyList []*key

func (l keyList) byID(id string) *key {
	for _, k := range l {
		if k.id == id {
			return k
		}
	}
	return nil
}

// signing returns the keys that sign with an algorithm, the oldest first. For AnyRSA
// these are the keys that sign with all RSA algorithms.
func (l keyList) signing(algorithm string) keyList {
	return l.filter(func(k *key) bool { return k.signs(algorithm) })
}

func (k *key) signs(algorithm string) bool {
	return k.algorithm == algorithm || k.signers[algorithm] != nil
}

// overlapping returns the keys from which a new key will take over, the oldest
// first: those that have an algorithm in common with it.
func (l keyList) overlapping(algorithm string) keyList {
	return l.filter(func(k *key) bool {
		return slices.ContainsFunc(jose.Expand(algorithm), func(each string) bool { return k.signers[each] != nil })
	})
}

func (l keyList) filter(keep func(*key) bool) keyList {
	var kept keyList
	for _, k := range l {
		if keep(k) {
			kept = append(kept, k)
		}
	}
	return kept
}

// active returns the key that now signs with an algorithm, or nil if there is none.
// If our clock is slow, the time of the only key may not have come; it signs anyway.
func (l keyList) active(algorithm string, now time.Time) *key {
	var active *key
	for _, k := range l {
		if k.signs(algorithm) && (active == nil || !k.active.After(now)) {
			active = k
		}
	}
	return active
}

func (l keyList) state(k *key, now time.Time) State {
	for algorithm := range k.signers {
		if k == l.active(algorithm, now) {
			return Active
		}
	}
	if k.active.After(now) {
		return Next
	}
	return Retired
}

// current returns the newest active key of an algorithm, or nil if there is none.
func (l keyList) current(algorithm string, now time.Time) *key {
	var current *key
	for _, k := range l {
		if k.algorithm == algorithm && l.state(k, now) == Active {
			current = k
		}
	}
	return current
}

// next returns a key that will take over an algorithm, or nil if there is none.
func (l keyList) next(algorithm string, now time.Time) *key {
	for _, k := range l.overlapping(algorithm) {
		if l.state(k, now) == Next {
			return k
		}
	}
	return nil
}

// activeAlgorithms returns the algorithms of the active keys, sorted.
func (l keyList) activeAlgorithms(now time.Time) []string {
	var algorithms []string
	for _, k := range l {
		if l.state(k, now) == Active {
			algorithms = append(algorithms, k.algorithm)
		}
	}
	slices.Sort(algorithms)
	return slices.Compact(algorithms)
}

// checkClock returns an error if our clock is slow. With a slow clock, active keys
// look like next keys and could be deleted.
func (l keyList) checkClock(now time.Time) error {
	for _, k := range l {
		if k.created.After(now.Add(clockSkew)) {
			return fmt.Errorf("key %s was made at %s, but the clock of this machine shows %s. Set the clock",
				k.id, k.created.Format(time.RFC3339), now.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// signsUntil returns when other keys take over all algorithms of a key. It is zero
// if an algorithm has no later key. It is also zero if the later key has always been
// active, because then it is not known when that key took over.
func (l keyList) signsUntil(k *key) time.Time {
	var until time.Time
	for algorithm := range k.signers {
		signing := l.signing(algorithm)
		later := slices.Index(signing, k) + 1
		if later == len(signing) {
			return time.Time{}
		}
		if signing[later].active.After(until) {
			until = signing[later].active
		}
	}
	return until
}

// neededUntil returns when the last token of a key has expired, if no token lives
// longer than retireAfter. It adds clockSkew, because a replica with a slow clock
// may have signed after signsUntil. Zero stays zero.
func neededUntil(signsUntil time.Time, retireAfter time.Duration) time.Time {
	if signsUntil.IsZero() {
		return signsUntil
	}
	return signsUntil.Add(clockSkew + retireAfter)
}

// isUnneeded reports whether a key is retired and its last token has expired.
func (l keyList) isUnneeded(k *key, now time.Time, retireAfter time.Duration) bool {
	until := neededUntil(l.signsUntil(k), retireAfter)
	return l.state(k, now) == Retired && !until.IsZero() && now.After(until)
}
