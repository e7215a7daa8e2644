package keys

import (
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/internal/jwks"
	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

// JWKS returns the backend's keys and ours as one JWK Set (law E1). maxAge is how
// long clients may cache it, at most [keydir.MaxAge]. JWKS returns an error until
// the backend's set has been fetched.
func (r *Ring) JWKS() (set []byte, maxAge time.Duration, err error) {
	var theirs []jwks.JWK
	maxAge = keydir.MaxAge
	if r.backend != nil {
		current := r.backend.Current()
		if current == nil {
			return nil, 0, jwks.ErrNotFetched
		}
		theirs = current.Published
		maxAge = max(min(maxAge, time.Until(current.FreshUntil)), 0)
	}
	pinned, err := r.pinnedJWKs()
	if err != nil {
		return nil, 0, err
	}
	set, err = r.own.set().NamingEd25519(r.ed25519Name()).JWKS(r.now(), r.o.RetireAfter, r.publishable(slices.Concat(theirs, pinned))...)
	return set, maxAge, err
}

// pinnedJWKs returns the backend's public keys in files, without those that are also ours.
func (r *Ring) pinnedJWKs() (found []jwks.JWK, err error) {
	for _, k := range r.pinned {
		if k.IsSecret() {
			continue
		}
		if k.ID, err = k.Thumbprint(); err != nil {
			return nil, err
		}
		if r.own.contains(k.ID) {
			continue // published as ours
		}
		text, err := k.JWK()
		if err != nil {
			return nil, err
		}
		found = append(found, jwks.JWK{Text: text, ID: k.ID, Use: "sig", Usable: true})
	}
	return found, nil
}

// publishable returns the backend's keys without those that would make the kid of
// another key ambiguous: verifiers take the first key with the kid of a token, and
// refuse the tokens of the other. Our own keys win, then the first that can be used, and
// then the first.
func (r *Ring) publishable(published []jwks.JWK) (texts [][]byte) {
	type identity struct{ id, use string }
	winners := map[identity]int{}
	for i, k := range published {
		if j, taken := winners[identity{k.ID, k.Use}]; !taken || k.Usable && !published[j].Usable {
			winners[identity{k.ID, k.Use}] = i
		}
	}
	for i, k := range published {
		if k.ID != "" && (r.own.contains(k.ID) || winners[identity{k.ID, k.Use}] != i) {
			r.warnAmbiguous(k.ID)
			continue
		}
		texts = append(texts, k.Text)
	}
	return texts
}

// HasOwnKeys reports whether the ring has a directory of our own keys. If so, clients
// must verify enriched tokens with [Ring.JWKS].
func (r *Ring) HasOwnKeys() bool { return r.own != nil }

// Reload makes [Ring.Run] read the directory of our own keys now. Run also reads
// it every two seconds.
func (r *Ring) Reload() {
	if r.own != nil {
		r.own.reload()
	}
}
