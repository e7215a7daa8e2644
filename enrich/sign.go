package enrich

import "fmt"

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
	s := takeScratch()
	defer s.put()
	s.payload.CopyFrom(c.token.payload)
	if c.hasCopies() {
		tx.removeCopies(&s.payload, claims)
	}
	for _, claim := range claims {
		s.payload.Set(claim.name, claim.value)
	}
	header := c.token.header.signedBy(c.Signer)
	if tx.o.Restore.seals(c.Signer) {
		tx.warnRecordTaken(c)
		s.seal(header, original, c.Signer)
	}
	text := append(append(s.encoded[:0], header.encoded...), '.')
	text = appendBase64(text, s.payload.Bytes())
	signature, err := tx.appendSignature(s.result[:0], c.Signer, text)
	if err != nil {
		return "", fmt.Errorf("sign with %s: %w", c.Signer.Algorithm(), err)
	}
	text = appendBase64(append(text, '.'), signature)
	s.encoded, s.result = text, signature
	return string(text), nil
}

// appendSignature appends a signature. In shadow it appends zeros of the same size.
func (tx *transaction) appendSignature(dst []byte, key Key, input []byte) ([]byte, error) {
	if tx.grant.Shadow {
		return append(dst, make([]byte, key.SignatureSize())...), nil
	}
	return appendSignature(dst, key, input)
}
