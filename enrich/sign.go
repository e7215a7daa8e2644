package enrich

import (
	"encoding/base64"
	"fmt"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// signAll makes the enriched tokens: each token that gets claims, and each
// id_token whose at_hash must change with its access token. It signs access
// tokens first, because at_hash depends on them (law C2).
func (tx *transaction) signAll(claimsOf func(*candidate) []claim) *fault {
	for _, c := range tx.candidates {
		c.enriched = ""
	}
	for _, kind := range []Kind{Access, ID} {
		for _, c := range tx.candidates {
			if c.issued.Kind != kind || !c.isVerified {
				continue
			}
			var claims []claim
			if tx.getsClaim(c) {
				claims = claimsOf(c)
			}
			if f := tx.signToken(c, claims); f != nil {
				return f
			}
		}
	}
	return nil
}

// signToken adds claims to a token and signs it. If there are none, it signs only a token
// with copies of our claims, and an id_token that is bound to an enriched access token.
func (tx *transaction) signToken(c *candidate, claims []claim) *fault {
	access := tx.boundAccess(c)
	if len(claims) == 0 && !c.hasCopies() && (access == nil || access.enriched == "") {
		return nil
	}
	if c.Signer == nil {
		return &fault{SignFailed, fmt.Errorf("there is no signing key (sign.keys) for a token with the algorithm %s", c.token.Algorithm)}
	}
	hashes, err := tx.hashClaims(c, access)
	if err != nil {
		return &fault{SignFailed, err}
	}
	enriched, err := tx.encodeWithin(c, append(claims, hashes...))
	if err != nil {
		return &fault{SignFailed, err}
	}
	if len(enriched) > c.issued.Budget {
		return &fault{TooLarge, tokenTooLarge(enriched, c.issued.Budget)}
	}
	c.enriched = enriched
	return nil
}

// maxSignature is the size of an RS256 signature with a 4096-bit key, in bytes. It
// sizes a buffer: a larger signature only costs one more allocation.
const maxSignature = 512

// encodeWithin is encode within the budget of the token. Each copy of our claims is
// sealed with the next token, so a backend that copies them makes tokens longer and
// longer. If the backend's own key signs, it accepts the token as it is: then a record
// that restores nothing is enough to recognize the next copies.
func (tx *transaction) encodeWithin(c *candidate, claims []claim) (string, error) {
	enriched, err := tx.encode(c, claims, c.token.Signature)
	if len(enriched) > c.issued.Budget && c.hasCopies() && c.Signer.ID() == "" {
		return tx.encode(c, claims, nil)
	}
	return enriched, err
}

// encode splices the claims into the token and signs the result. All other bytes
// stay the same (law A3). The original's signature is sealed, or nil.
func (tx *transaction) encode(c *candidate, claims []claim, original []byte) (string, error) {
	payload := c.token.payload.Clone()
	if c.hasCopies() {
		tx.removeCopies(payload, claims)
	}
	for _, claim := range claims {
		payload.Set(claim.name, claim.value)
	}
	header := c.token.header.Clone()
	if c.Signer.ID() != "" {
		nameOwnKey(header, c.token.Algorithm, c.Signer)
	}
	if tx.o.Restore.seals(c.Signer) {
		tx.warnRecordTaken(c)
		seal(header, payload, original, c.Signer)
	}
	text := make([]byte, 0, (len(header.Bytes())+len(payload.Bytes())+maxSignature)*4/3+8)
	text = base64.RawURLEncoding.AppendEncode(text, header.Bytes())
	text = append(text, '.')
	text = base64.RawURLEncoding.AppendEncode(text, payload.Bytes())
	signature, err := tx.sign(c.Signer, string(text))
	if err != nil {
		return "", fmt.Errorf("sign with %s: %w", c.Signer.Algorithm(), err)
	}
	text = append(text, '.')
	return string(base64.RawURLEncoding.AppendEncode(text, signature)), nil
}

// sign returns a signature. In shadow it returns zeros of the same size.
func (tx *transaction) sign(key Key, input string) ([]byte, error) {
	if tx.grant.Shadow {
		return make([]byte, key.SignatureSize()), nil
	}
	return key.Sign(input)
}

// nameOwnKey makes a header name our own key, and removes the parameters that
// refer to the backend's key.
func nameOwnKey(header *jsonedit.Object, algorithm string, key Key) {
	if key.Algorithm() != algorithm {
		header.Set("alg", jsonedit.Quote(key.Algorithm()))
	}
	header.Set("kid", jsonedit.Quote(key.ID()))
	for _, name := range []string{"jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"} {
		header.Remove(name)
	}
}
