package keys

import (
	"fmt"
	"slices"
	"sync"

	"github.com/tokengraft/tokengraft/enrich/keys/internal/jwks"
)

// An OddKey is an entry of the backend's JWK Set that cannot be used, or that is a danger.
// The other entries are used all the same. Keys for encryption are not odd.
type OddKey struct {
	Index  int    // of the entry in the set, from 0
	ID     string // kid; empty if the entry has none
	Reason string // contains nothing of the entry
	// Used means that the key verifies tokens all the same.
	Used bool
}

// String returns the place of the entry, its kid, and the reason.
func (k OddKey) String() string {
	if k.ID == "" {
		return fmt.Sprintf("keys[%d]: %s", k.Index, k.Reason)
	}
	return fmt.Sprintf("keys[%d] with the kid %q: %s", k.Index, short(k.ID), k.Reason)
}

// OddKeys returns the odd entries of the backend's JWK Set as it is now, at most 100, in
// the order of the set.
func (r *Ring) OddKeys() []OddKey {
	if r.backend == nil || r.backend.Current() == nil {
		return nil
	}
	return oddKeys(r.backend.Current())
}

func oddKeys(set *jwks.Set) []OddKey {
	var odd []OddKey
	for _, entry := range set.Odd {
		odd = append(odd, OddKey(entry))
	}
	return odd
}

// maxOddLines limits how many odd keys of a new set are logged. A set is fetched at most
// every 30 seconds.
const maxOddLines = 10

// oddLog logs the odd keys of a set that the set before did not have.
type oddLog struct {
	mu    sync.Mutex
	known []OddKey
}

func (l *oddLog) report(r *Ring, set *jwks.Set) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := 0
	for _, odd := range oddKeys(set) {
		same := func(known OddKey) bool { return known.ID == odd.ID && known.Reason == odd.Reason }
		if slices.ContainsFunc(l.known, same) || lines == maxOddLines {
			continue
		}
		lines++
		text := "a key of the backend's JWK Set cannot be used. Tokens that it signs pass unenriched; the other keys are used"
		if odd.Used {
			text = "a key of the backend's JWK Set is a danger. It is used all the same"
		}
		r.o.Logger.Warn(text, "index", odd.Index, "kid", short(odd.ID), "reason", odd.Reason)
	}
	l.known = oddKeys(set)
}
