package keys

import (
	"crypto/ed25519"
	"slices"

	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
)

// ed25519Name returns the alg of the JWKs of our own Ed25519 keys. One key signs under both
// names of the algorithm, EdDSA (RFC 8037) and Ed25519 (RFC 9864), because the name of an
// enriched token is that of its original. Some verifiers refuse a token whose name is not
// that of the JWK, and others refuse a JWK without alg. So our JWKs say what the backend's
// say: if its keys name none, or not all the same, then ours name none either.
func (r *Ring) ed25519Name() string {
	if jose.Canonical(r.o.Algorithm) == jose.EdDSA {
		return r.o.Algorithm
	}
	names := r.backendEd25519Names()
	if len(names) == 0 {
		names = slices.DeleteFunc(slices.Clone(r.o.Algorithms), func(name string) bool { return jose.Canonical(name) != jose.EdDSA })
	}
	slices.Sort(names)
	switch names = slices.Compact(names); len(names) {
	case 0:
		return jose.EdDSA
	case 1:
		return names[0]
	}
	return ""
}

// SignsEdDSA reports whether enriched tokens can have the algorithm EdDSA, under either of
// its names: because of Options.Algorithm, or because a known key of the backend has it.
func (r *Ring) SignsEdDSA() bool {
	if r.own == nil || r.o.Algorithm == "" {
		backend, _ := r.backendKeys()
		fits := func(k jose.Verifier) bool { return k.Fits(jose.EdDSA) }
		return (r.own != nil || r.shared[jose.EdDSA] != nil) && r.isAllowed(jose.EdDSA) && slices.ContainsFunc(backend, fits)
	}
	return jose.Canonical(r.o.Algorithm) == jose.EdDSA
}

// backendEd25519Names returns the alg of each Ed25519 key of the backend's JWK Set.
func (r *Ring) backendEd25519Names() (names []string) {
	if r.backend == nil || r.backend.Current() == nil {
		return nil
	}
	for _, k := range r.backend.Current().Keys {
		if _, ok := k.Key.(ed25519.PublicKey); ok {
			names = append(names, k.Algorithm)
		}
	}
	return names
}
