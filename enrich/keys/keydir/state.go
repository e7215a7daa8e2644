package keydir

import (
	"fmt"
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
)

// MaxAge is the longest that clients may cache a JWK Set with these keys.
const MaxAge = 5 * time.Minute

// How long a rotation waits (law E3).
const (
	// clockSkew is how far apart the clocks may be of those who share a
	// directory: the one that made a key, and each of the replicas.
	clockSkew = time.Minute
	// propagation is within which time every replica publishes a new key (law E2).
	propagation = 10 * time.Second
	// Publication is how long a key is published before it signs. It covers the
	// longest that a client may cache a JWK Set, from the moment when the last
	// replica publishes the key.
	Publication = propagation + MaxAge + clockSkew
)

// DefaultRetireAfter is the default for how long a retired key is published.
const DefaultRetireAfter = 24 * time.Hour

// A State is where in its life a key is.
type State string

// The states.
const (
	Next    State = "next"    // published, does not sign yet
	Active  State = "active"  // signs
	Retired State = "retired" // does not sign any more; still restores
)

// keyList is the keys of a directory, by the instant from which they sign, then
// by file name.
type keyList []*key

func (l keyList) byID(id string) *key {
	for _, k := range l {
		if k.id == id {
			return k
		}
	}
	return nil
}

// signing returns the keys that sign with an algorithm, the oldest first; for
// AnyRSA, those that sign with all of them.
func (l keyList) signing(algorithm string) keyList {
	return l.filter(func(k *key) bool { return k.algorithm == algorithm || k.signers[algorithm] != nil })
}

// overlapping returns the keys that share an algorithm with a new key, the
// oldest first: the new key will take over from them.
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

// active returns the key that signs with an algorithm, nil if there is none. By
// a slow clock the only key may not be due yet: it signs all the same.
func (l keyList) active(algorithm string, now time.Time) *key {
	signing := l.signing(algorithm)
	if len(signing) == 0 {
		return nil
	}
	active := signing[0]
	for _, k := range signing {
		if !k.active.After(now) {
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

// current returns the newest active key of an algorithm, nil if there is none.
func (l keyList) current(algorithm string, now time.Time) *key {
	var current *key
	for _, k := range l {
		if k.algorithm == algorithm && l.state(k, now) == Active {
			current = k
		}
	}
	return current
}

// next returns a key that will take over an algorithm, nil if there is none.
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

// checkClock reports a slow clock: by it active keys seem to be next keys, and
// could be deleted.
func (l keyList) checkClock(now time.Time) error {
	for _, k := range l {
		if k.created.After(now.Add(clockSkew)) {
			return fmt.Errorf("key %s was made at %s, but the clock of this machine says %s: set the clock",
				k.id, k.created.Format(time.RFC3339), now.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// signsUntil returns when other keys take over all algorithms of a key. It is
// zero where one of them has no later key, and between keys that have always
// been active: then it is not known when one took over.
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

// neededUntil returns when the last token of a key has expired, if none lives
// longer than retireAfter: a replica with a slow clock has signed after
// signsUntil. Zero stays zero.
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
