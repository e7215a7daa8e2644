package jwks

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// A Set is the backend's keys at one time. It never changes.
type Set struct {
	// Keys are those that can verify tokens.
	Keys []jose.Verifier
	// Published is every public key as a JWK, as the backend wrote it, also those
	// of types that are unknown here.
	Published [][]byte
	// FreshUntil is when the set is due to be fetched again.
	FreshUntil time.Time

	location string
}

// privateMembers are the private members of every key type (RFC 7518, section
// 6), and of the draft AKP type, whose keys are published though unknown here.
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// parse reads a JWK Set, without secrets, private members, and keys of our own.
func parse(text []byte, isOwn func(thumbprint string) bool) (*Set, error) {
	var decoded struct {
		Keys *[]json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &decoded); err != nil || decoded.Keys == nil {
		return nil, errors.New(`not a JWK Set: want an object with "keys" (RFC 7517, section 5)`)
	}
	set := new(Set)
	for i, raw := range *decoded.Keys {
		object, err := jsonedit.Parse(raw)
		if err != nil {
			return nil, fmt.Errorf("key %d of the JWK Set: %w", i, err)
		}
		if kty, _ := jsonedit.Unquote(object.Value("kty")); kty == "oct" {
			continue // a published secret is not a secret: neither publish nor trust it
		}
		for _, private := range privateMembers {
			object.Remove(private)
		}
		key := jose.ReadJWK(object)
		if thumbprint, err := key.Thumbprint(); err == nil && isOwn(thumbprint) {
			continue
		}
		set.Published = append(set.Published, object.Bytes())
		if key.IsUsable() {
			set.Keys = append(set.Keys, key)
		}
	}
	return set, nil
}
