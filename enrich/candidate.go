package enrich

import "time"

// A candidate is one token of a grant while the grant is being enriched.
type candidate struct {
	issued Issued
	token  *Token // nil if it is not a JWS
	Verified
	user     User // whose document is looked up
	document Document
	life     time.Duration // what is left of the token's life when it is looked up; 0 if it does not end
	reason   Reason // the token's own, or that of a fault of the grant if it has none
	err      error
	enriched string // empty until it is signed

	isVerified bool // the ring verified the token
	ignored    bool // it does not verify, and is text of the client's own request
	undecided  bool // hooks could not decide about the user
}

// boundToAccess reports whether this is an id_token with an at_hash. It also returns
// true for an id_token that cannot be parsed, because it may have one.
func (c *candidate) boundToAccess() bool {
	return c.issued.Kind == ID && (c.token == nil || c.token.Claim("at_hash") != nil)
}

// getsClaim reports whether a token was verified and is of a kind that gets the
// claims.
func (tx *transaction) getsClaim(c *candidate) bool {
	return c.isVerified && tx.kinds[c.issued.Kind]
}

// blocksGrant reports whether a token's own reason keeps the whole grant
// unenriched. A token of a kind that gets no claim does that only if it is bound
// to an access token (laws C1 and C3).
func (tx *transaction) blocksGrant(c *candidate) bool {
	return c.reason.Blocks() && !c.ignored && (tx.kinds[c.issued.Kind] || c.boundToAccess())
}

// wouldChange reports whether a token would be changed if nothing failed: it
// gets the claims, has copies of them, or is bound to a token that does.
func (tx *transaction) wouldChange(c *candidate) bool {
	return tx.kinds[c.issued.Kind] || c.hasCopies() || tx.boundAccess(c) != nil
}
