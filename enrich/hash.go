package enrich

import (
	"cmp"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// boundAccess returns the access token whose hash is the id_token's at_hash, or
// nil if there is none.
func (tx *transaction) boundAccess(id *candidate) *candidate {
	if id.issued.Kind != ID || id.token == nil {
		return nil
	}
	atHash, ok := jsonedit.Unquote(id.token.Claim("at_hash"))
	if !ok {
		return nil
	}
	for _, c := range tx.candidates {
		if c.issued.Kind == Access && leftHash(id.token.Algorithm, c.issued.Raw) == atHash {
			return c
		}
	}
	return nil
}

// hashClaims returns the hash claims of an id_token that must be updated: at_hash
// for the enriched access token, and each hash whose function changes with the
// algorithm. A hash that was missing or wrong before stays as it is.
func (tx *transaction) hashClaims(id, access *candidate) ([]claim, error) {
	if id.issued.Kind != ID {
		return nil, nil
	}
	was, is := id.token.Algorithm, id.Signer.Algorithm()
	var claims []claim
	if access != nil {
		text := cmp.Or(access.enriched, access.issued.Raw)
		claims = append(claims, claim{"at_hash", jsonedit.Quote(leftHash(is, text))})
	}
	if newHash(was).Size() == newHash(is).Size() {
		return claims, nil
	}
	hashed := map[string]string{"c_hash": tx.grant.Code, "s_hash": tx.grant.State}
	if access == nil {
		hashed["at_hash"] = tx.anyAccessToken()
	}
	for _, name := range []string{"at_hash", "c_hash", "s_hash"} {
		value, isString := jsonedit.Unquote(id.token.Claim(name))
		text, wanted := hashed[name]
		switch {
		case !isString || !wanted:
		case text == "":
			return nil, fmt.Errorf("the id_token's %s must be recomputed because the algorithm changes from %s to %s, but neither the response nor its request has the value that it hashes. Set sign.algorithm to same", name, was, is)
		case leftHash(was, text) == value:
			claims = append(claims, claim{name, jsonedit.Quote(leftHash(is, text))})
		}
	}
	return claims, nil
}

// anyAccessToken returns an access token of the grant, or "" if there is none. It is
// for an id_token whose at_hash matches no access token of the grant. If the grant has
// one, the at_hash was wrong before, and stays. If not, it cannot be recomputed.
func (tx *transaction) anyAccessToken() string {
	for _, c := range tx.candidates {
		if c.issued.Kind == Access {
			return c.issued.Raw
		}
	}
	return ""
}

// leftHash returns the value of at_hash, c_hash or s_hash for a text: the left
// half of its hash, encoded. The hash function is that of the id_token's
// algorithm (OpenID Connect Core, section 3.1.3.6); Ed25519 uses SHA-512
// (RFC 8032).
func leftHash(algorithm, text string) string {
	h := newHash(algorithm)
	h.Write([]byte(text))
	sum := h.Sum(nil)
	return encodeBase64(sum[:len(sum)/2])
}

func newHash(algorithm string) hash.Hash {
	switch {
	case strings.HasSuffix(algorithm, "384"):
		return sha512.New384()
	case strings.HasSuffix(algorithm, "512"), algorithm == "EdDSA", algorithm == "Ed25519":
		return sha512.New()
	}
	return sha256.New()
}
