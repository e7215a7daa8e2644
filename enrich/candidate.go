package enrich

// A candidate is one token of a grant on its way to its outcome.
type candidate struct {
	issued Issued
	token  *Token // nil if it is not a JWS
	Verified
	document Document
	reason   Reason // of this token alone; a fault of the grant replaces it
	err      error
	enriched string // empty until it is signed
}

// verified reports whether the ring verified the token.
func (c *candidate) verified() bool {
	return c.token != nil && (c.reason == "" || c.reason == NoDocument)
}

// boundToAccess reports whether this is an id_token with an at_hash, or one that
// may have it because it cannot be read.
func (c *candidate) boundToAccess() bool {
	return c.issued.Kind == ID && (c.token == nil || c.token.Claim("at_hash") != nil)
}

// getsClaim reports whether a token was verified and is of a kind that gets the
// claims.
func (tx *transaction) getsClaim(c *candidate) bool {
	return c.verified() && tx.kinds[c.issued.Kind]
}

// blocksGrant reports whether a token, by its own reason, leaves the others as
// they are. A token of a kind that gets no claim does so only if it is bound to
// an access token (laws C1 and C3).
func (tx *transaction) blocksGrant(c *candidate) bool {
	return c.reason.Blocks() && (tx.kinds[c.issued.Kind] || c.boundToAccess())
}

// wouldChange reports whether a token would go out changed if nothing had
// failed: it gets the claims, or is bound to a token that does.
func (tx *transaction) wouldChange(c *candidate) bool {
	return tx.kinds[c.issued.Kind] || tx.boundAccess(c) != nil
}
