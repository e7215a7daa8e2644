package keys

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// thumbprint is the kid of a key of our own: RFC 7638 with SHA-256.
func thumbprint(public crypto.PublicKey) (string, error) {
	sum, err := (&jose.JSONWebKey{Key: public}).Thumbprint(crypto.SHA256)
	return base64.RawURLEncoding.EncodeToString(sum), err
}

// encodePublic returns a public key as a JWK (RFC 7517, section 4). Its alg is
// left out where the algorithm is empty or AnyRSA.
func encodePublic(public crypto.PublicKey, id, algorithm string) ([]byte, error) {
	if algorithm == AnyRSA {
		algorithm = ""
	}
	return json.Marshal(jose.JSONWebKey{Key: public, KeyID: id, Algorithm: algorithm, Use: "sig"})
}

func encodeSet(jwks [][]byte) []byte {
	set := append([]byte(`{"keys":[`), bytes.Join(jwks, []byte(","))...)
	return append(set, `]}`...)
}

// backendKey is one of the keys that verify.
type backendKey struct {
	id        string // kid; empty where the set does not name the key
	algorithm string // alg; empty where the set does not bind the key to one
	public    any    // a public key, or a []byte secret
}

func (k backendKey) fits(algorithm string) bool {
	return (k.algorithm == "" || k.algorithm == algorithm) && fits(algorithm, k.public)
}

// word is what a key of ours in place of this one has as its algorithm.
func (k backendKey) word() string {
	if k.algorithm != "" {
		return k.algorithm
	}
	return word(k.public)
}

// word is the one algorithm of a type of keys, or AnyRSA; empty for a type that
// signs nothing here.
func word(public any) string {
	switch fitting := algorithms(public); {
	case len(fitting) == 0:
		return ""
	case len(fitting) == len(rsaAlgorithms):
		return AnyRSA
	default:
		return fitting[0]
	}
}

// privateMembers are the private members of every key type (RFC 7518, section
// 6), and of the coming AKP type, whose keys are published though unknown here.
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// parseSet reads a JWK Set. Keys that cannot verify tokens here are left out of
// keys but stay in published, which has every public key of the set as it is.
// own says which thumbprints are those of our own keys: they are the backend's
// in neither.
func parseSet(text []byte, own func(thumbprint string) bool) (keys []backendKey, published [][]byte, err error) {
	var set struct {
		Keys *[]json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil || set.Keys == nil {
		return nil, nil, errors.New(`not a JWK Set: want an object with "keys" (RFC 7517, section 5)`)
	}
	for i, raw := range *set.Keys {
		object, err := jsonedit.Parse(raw)
		if err != nil {
			return nil, nil, fmt.Errorf("key %d of the JWK Set: %w", i, err)
		}
		if kty, _ := jsonedit.Unquote(object.Value("kty")); kty == "oct" {
			continue // a secret: neither to be published nor to be believed
		}
		for _, private := range privateMembers {
			object.Remove(private)
		}
		jwk := readJWK(object)
		if id, err := thumbprint(jwk.Key); err == nil && own(id) {
			continue
		}
		published = append(published, object.Bytes())
		key := backendKey{id: jwk.KeyID, algorithm: jwk.Algorithm, public: jwk.Key}
		if jwk.Use != "enc" && usable(key.public) == nil && slices.ContainsFunc(algorithms(key.public), key.fits) {
			keys = append(keys, key)
		}
	}
	return keys, published, nil
}

// readJWK reads a JWK; its Key is nil where it is of no type that is known here.
// Nobody looks at certificates, and one that does not fit spoils no key, though
// the library is stricter.
func readJWK(object *jsonedit.Object) jose.JSONWebKey {
	bare := object.Clone()
	for _, name := range []string{"x5u", "x5c", "x5t", "x5t#S256"} {
		bare.Remove(name)
	}
	var jwk jose.JSONWebKey
	if jwk.UnmarshalJSON(bare.Bytes()) != nil {
		return jose.JSONWebKey{}
	}
	return jwk
}
