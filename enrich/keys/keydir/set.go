package keydir

import (
	"bytes"
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
)

// A Set holds the keys of a directory as [Dir.Load] read them. It never changes.
// The zero Set is empty.
type Set struct{ keys keyList }

// List describes all keys, sorted by algorithm and then from oldest to newest.
func (s Set) List(now time.Time) []Info { return s.keys.list(now) }

// Has reports whether a key signs with an algorithm, or with all RSA algorithms for
// [AnyRSA].
func (s Set) Has(algorithm string) bool { return len(s.keys.signing(algorithm)) > 0 }

// Contains reports whether a key has this kid.
func (s Set) Contains(kid string) bool { return s.keys.byID(kid) != nil }

// Signer returns the key that now signs with an algorithm, or nil if there is none.
func (s Set) Signer(algorithm string, now time.Time) enrich.Key {
	if k := s.keys.active(algorithm, now); k != nil && k.signers[algorithm] != nil {
		return k.signers[algorithm]
	}
	return nil
}

// RestoreKey returns the key with this kid, if it can have signed a token with the
// algorithm; otherwise nil. The key may be retired.
func (s Set) RestoreKey(kid, algorithm string) enrich.Key {
	if k := s.keys.byID(kid); k != nil && k.signers[algorithm] != nil {
		return k.signers[algorithm]
	}
	return nil
}

// PublishedKey is like RestoreKey, but returns only a key that is published: a retired one
// for retireAfter.
func (s Set) PublishedKey(kid, algorithm string, now time.Time, retireAfter time.Duration) enrich.Key {
	if k := s.keys.byID(kid); k == nil || s.keys.isUnneeded(k, now, retireAfter) {
		return nil
	}
	return s.RestoreKey(kid, algorithm)
}

// NamingEd25519 returns the set with another alg in the JWKs of its Ed25519 keys: EdDSA or
// Ed25519, or none if it is empty. A verifier may refuse a token whose alg is the other
// name of the algorithm in the JWK.
func (s Set) NamingEd25519(alg string) Set {
	named := slices.Clone(s.keys)
	for i, k := range named {
		if k.algorithm == jose.EdDSA {
			renamed := *k
			renamed.public.Algorithm = alg
			named[i] = &renamed
		}
	}
	return Set{named}
}

// JWKS returns a JWK Set with other JWKs, followed by the public halves of the
// published keys. Retired keys are published for retireAfter.
func (s Set) JWKS(now time.Time, retireAfter time.Duration, others ...[]byte) ([]byte, error) {
	jwks := slices.Clip(others)
	for _, k := range s.keys {
		if s.keys.isUnneeded(k, now, retireAfter) {
			continue
		}
		jwk, err := k.public.JWK()
		if err != nil {
			return nil, err
		}
		jwks = append(jwks, jwk)
	}
	set := append([]byte(`{"keys":[`), bytes.Join(jwks, []byte(","))...)
	return append(set, `]}`...), nil
}
