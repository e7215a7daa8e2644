package jwks

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// A Set holds the backend's keys at one time. It never changes.
type Set struct {
	// Keys are the keys that can verify tokens.
	Keys []jose.Verifier
	// Published holds every public key, including keys of unknown types.
	Published []JWK
	// FreshUntil is when the set must be fetched again.
	FreshUntil time.Time

	location string
}

// A JWK is a public key in the backend's bytes.
type JWK struct {
	Text []byte
	// ID is the kid, and empty if there is none. Use is "sig" if the key does not say.
	ID, Use string
}

// newJWK reads what identifies a key in a set (RFC 7517, sections 4.2 and 4.5).
func newJWK(object *jsonedit.Object) JWK {
	id, _ := jsonedit.Unquote(object.Value("kid"))
	use, _ := jsonedit.Unquote(object.Value("use"))
	return JWK{object.Bytes(), id, cmp.Or(use, "sig")}
}

// privateMembers are the private members of all key types: those of RFC 7518,
// section 6, and the draft type AKP, whose keys are published too.
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// parse parses a JWK Set. It leaves out secrets, private members, and our own keys.
func parse(text []byte, isOwn func(thumbprint string) bool) (*Set, error) {
	var decoded struct {
		Keys *[]json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &decoded); err != nil || decoded.Keys == nil {
		return nil, errors.New(`not a JWK Set: it must be a JSON object with an array "keys" (RFC 7517, section 5)`)
	}
	set := new(Set)
	for i, raw := range *decoded.Keys {
		object, err := jsonedit.Parse(raw)
		if err != nil {
			return nil, fmt.Errorf("key %d of the JWK Set: %w", i, err)
		}
		if kty, _ := jsonedit.Unquote(object.Value("kty")); kty == "oct" {
			continue // a published secret is no longer secret: do not publish or trust it
		}
		for _, private := range privateMembers {
			object.Remove(private)
		}
		key := jose.ReadJWK(object)
		if thumbprint, err := key.Thumbprint(); err == nil && isOwn(thumbprint) {
			continue
		}
		set.Published = append(set.Published, newJWK(object))
		if key.IsUsable() {
			set.Keys = append(set.Keys, key)
		}
	}
	return set, nil
}
