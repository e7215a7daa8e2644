package keys

import (
	"fmt"
	"slices"
	"time"
)

// What a rotation waits for (law E3).
const (
	// clockSkew is how far the clocks of those who share a directory may be
	// apart: the one that made a key, and each of the replicas.
	clockSkew = time.Minute
	// spread is within which time every replica publishes a new key (law E2).
	spread = 10 * time.Second
	// Publication is how long a key is published before it signs: the longest
	// that a client may cache a JWKS, which it may have had from the last replica
	// to see the key.
	Publication = spread + MaxAge + clockSkew
)

// DefaultRetireAfter is how long a retired key is published when nothing else
// is said.
const DefaultRetireAfter = 24 * time.Hour

// A State is where in its life a key is. It follows from the instants in the
// key files and the clock, never from memory.
type State string

// The states.
const (
	Next    State = "next"    // published, not used yet
	Active  State = "active"  // signs
	Retired State = "retired" // signs no more; still restores
)

// keySet is the keys of a directory, by the instant from which they sign, then
// by file name.
type keySet []*ownKey

// of returns the keys that sign an algorithm, the oldest first; of AnyRSA, those
// that sign all of them.
func (s keySet) of(algorithm string) keySet {
	return s.where(func(k *ownKey) bool { return k.algorithm == algorithm || k.keys[algorithm] != nil })
}

// rivals returns the keys that sign any algorithm of a word, the oldest first: a
// further key takes over from them.
func (s keySet) rivals(word string) keySet {
	return s.where(func(k *ownKey) bool {
		return slices.ContainsFunc(signs(word), func(algorithm string) bool { return k.keys[algorithm] != nil })
	})
}

func (s keySet) where(holds func(*ownKey) bool) keySet {
	var found keySet
	for _, k := range s {
		if holds(k) {
			found = append(found, k)
		}
	}
	return found
}

// active returns the key that signs an algorithm, and nil if there is none.
// Where the only key is not to be used yet, by a clock that runs ahead, nothing
// is better than it.
func (s keySet) active(algorithm string, now time.Time) *ownKey {
	of := s.of(algorithm)
	if len(of) == 0 {
		return nil
	}
	active := of[0]
	for _, k := range of {
		if !k.active.After(now) {
			active = k
		}
	}
	return active
}

func (s keySet) state(k *ownKey, now time.Time) State {
	for algorithm := range k.keys {
		if k == s.active(algorithm, now) {
			return Active
		}
	}
	if k.active.After(now) {
		return Next
	}
	return Retired
}

// checkClock reports a clock that runs behind: by it active keys seem to wait
// still, and could be deleted.
func (s keySet) checkClock(now time.Time) error {
	for _, k := range s {
		if k.created.After(now.Add(clockSkew)) {
			return fmt.Errorf("key %s was made at %s, and by the clock of this machine it is only %s: set the clock",
				k.id, k.created.Format(time.RFC3339), now.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// signsUntil returns when others have taken over all that a key signs. It is
// zero where one of its algorithms has no later key, and between keys from ever:
// nobody knows when one took over from the other.
func (s keySet) signsUntil(k *ownKey) time.Time {
	var until time.Time
	for algorithm := range k.keys {
		of := s.of(algorithm)
		later := slices.Index(of, k) + 1
		if later == len(of) {
			return time.Time{}
		}
		if of[later].active.After(until) {
			until = of[later].active
		}
	}
	return until
}

// neededUntil returns when the last token is gone that a key signed, if none
// lives longer than retireAfter: a replica whose clock runs behind has signed
// after signsUntil. Zero stays zero.
func neededUntil(signsUntil time.Time, retireAfter time.Duration) time.Time {
	if signsUntil.IsZero() {
		return signsUntil
	}
	return signsUntil.Add(clockSkew + retireAfter)
}

// dispensable reports whether a key is retired and no longer needed.
func (s keySet) dispensable(k *ownKey, now time.Time, retireAfter time.Duration) bool {
	until := neededUntil(s.signsUntil(k), retireAfter)
	return s.state(k, now) == Retired && !until.IsZero() && now.After(until)
}

// published returns the JWKs of all keys that are needed, or will be.
func (s keySet) published(now time.Time, retireAfter time.Duration) ([][]byte, error) {
	var published [][]byte
	for _, k := range s {
		if s.dispensable(k, now, retireAfter) {
			continue
		}
		text, err := encodePublic(k.public, k.id, k.algorithm)
		if err != nil {
			return nil, err
		}
		published = append(published, text)
	}
	return published, nil
}
