package jwks

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	// Odd are the entries that verify no tokens although they should, and those that
	// are a danger, in the order of the set. There are at most 100.
	Odd []Oddity
	// Fetched is when the set was asked for, and FreshUntil when it must be fetched again.
	Fetched, FreshUntil time.Time

	location   string
	encrypting map[string]bool // the ids of keys for encryption, at most 100
}

// A JWK is a public key in the backend's bytes.
type JWK struct {
	Text []byte
	// ID is the kid, and empty if there is none or it is null. Any other kid that is not
	// a string is its JSON text. Use is "sig" if the key does not say.
	ID, Use string
	Usable  bool // it verifies tokens
}

// newJWK reads what identifies a key in a set (RFC 7517, sections 4.2 and 4.5).
func newJWK(object *jsonedit.Object) JWK {
	kid := object.Value("kid")
	id, ok := jsonedit.Unquote(kid)
	if !ok && string(kid) != "null" {
		id = string(kid)
	}
	use, _ := jsonedit.Unquote(object.Value("use"))
	return JWK{Text: object.Bytes(), ID: id, Use: cmp.Or(use, "sig")}
}

// An Oddity is one entry of a set with what is odd about it.
type Oddity struct {
	Index  int    // of the entry in the set, from 0
	ID     string // kid; empty if the entry has none
	Reason string // contains nothing of the entry
	Used   bool   // the key verifies tokens all the same
}

// privateMembers are the private members of all key types: those of RFC 7518,
// section 6, and the draft type AKP, whose keys are published too.
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

var errNotSet = errors.New(`not a JWK Set: it must be a JSON object with an array "keys" (RFC 7517, section 5)`)

// parse parses a JWK Set entry by entry. An odd entry does not block another. A set is only that
// if one of its entries is an object, or if it is empty.
func parse(text []byte, isOwn func(thumbprint string) bool) (*Set, error) {
	document, err := jsonedit.ParseLenient(text)
	if err != nil || document.Repeats("keys") {
		return nil, errNotSet
	}
	var entries []json.RawMessage
	if err := json.Unmarshal(document.Value("keys"), &entries); err != nil || entries == nil {
		return nil, errNotSet
	}
	if len(entries) > 0 && !slices.ContainsFunc(entries, isObject) {
		return nil, errNotSet
	}
	set := &Set{encrypting: map[string]bool{}}
	for i, entry := range entries {
		set.add(i, entry, isOwn)
	}
	return set, nil
}

func isObject(entry json.RawMessage) bool { return entry[0] == '{' }

// add adds an entry. It leaves out secrets, private members, our own keys, and what
// different readers read differently.
func (s *Set) add(index int, entry []byte, isOwn func(thumbprint string) bool) {
	object, err := jsonedit.Parse(entry)
	if err != nil {
		s.addOdd(Oddity{Index: index, ID: looseID(entry), Reason: err.Error()})
		return
	}
	id, _ := jsonedit.Unquote(object.Value("kid"))
	odd := func(reason string, used bool) { s.addOdd(Oddity{Index: index, ID: id, Reason: reason, Used: used}) }
	if kty, _ := jsonedit.Unquote(object.Value("kty")); kty == "oct" {
		odd("it is a secret, and everyone can read it. Replace the secret", false)
		return
	}
	isPrivate := removePrivate(object)
	key, err := jose.ReadJWK(object)
	if thumbprint, fault := key.Thumbprint(); fault == nil && isOwn(thumbprint) {
		return
	}
	jwk := newJWK(object)
	jwk.Usable = err == nil
	s.Published = append(s.Published, jwk)
	switch {
	case err == nil:
		s.Keys = append(s.Keys, key)
	case !errors.Is(err, jose.ErrOtherUse):
		odd(err.Error(), false)
	case len(s.encrypting) < maxOdd:
		s.encrypting[id] = true
	}
	if isPrivate {
		odd("its private half is in the set too, and everyone can read it. Replace the key", err == nil)
	}
}

// maxOdd limits how much memory a set of garbage takes.
const maxOdd = 100

func (s *Set) addOdd(odd Oddity) {
	if len(s.Odd) < maxOdd {
		s.Odd = append(s.Odd, odd)
	}
}

// removePrivate removes the private members of a key, and reports whether there were any.
func removePrivate(object *jsonedit.Object) (found bool) {
	for _, private := range privateMembers {
		found = found || object.Value(private) != nil
		object.Remove(private)
	}
	return found
}

// looseID returns the kid of an entry that cannot be read strictly, or "".
func looseID(entry []byte) string {
	object, err := jsonedit.ParseLenient(entry)
	if err != nil || object.Repeats("kid") {
		return ""
	}
	id, _ := jsonedit.Unquote(object.Value("kid"))
	return id
}

// WhyUnusable returns why the set has a key with this kid that verifies no tokens. It
// returns "" if there is no such key, or another one with the kid that verifies tokens.
func (s *Set) WhyUnusable(id string) string {
	if id == "" || slices.ContainsFunc(s.Keys, func(k jose.Verifier) bool { return k.ID == id }) {
		return ""
	}
	if s.encrypting[id] {
		return jose.ErrOtherUse.Error()
	}
	for _, odd := range s.Odd {
		if odd.ID == id {
			return fmt.Sprintf("keys[%d]: %s", odd.Index, odd.Reason)
		}
	}
	return ""
}
