package keys

import (
	"cmp"
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
)

// A BackendKey is a key that verifies the backend's tokens.
type BackendKey struct {
	ID        string // kid; empty if there is none
	Algorithm string // or the type of the key if it may be used with several
}

// A BackendSet is what is known of the backend's keys.
type BackendSet struct {
	Keys []BackendKey
	// Fetched is when its JWK Set was fetched last, and FreshUntil when it is fetched again.
	// Both are zero if there is none, or it was not fetched yet.
	Fetched, FreshUntil time.Time
	// Err says why the set is missing, or may be out of date.
	Err error
}

// BackendSet returns what is known of the backend's keys now. It has no secret.
func (r *Ring) BackendSet() BackendSet {
	set := BackendSet{Err: r.BackendKeysReady()}
	all, _ := r.backendKeys()
	for _, k := range all {
		if !k.IsSecret() {
			set.Keys = append(set.Keys, BackendKey{k.ID, cmp.Or(k.Algorithm, jose.Algorithm(k.Key))})
		}
	}
	if r.backend != nil && r.backend.Current() != nil {
		set.Fetched, set.FreshUntil = r.backend.Current().Fetched, r.backend.Current().FreshUntil
	}
	return set
}
