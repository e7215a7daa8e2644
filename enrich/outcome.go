package enrich

// An Outcome is what became of one issued token.
type Outcome struct {
	// Raw is the token to send: the enriched one, or the original.
	Raw string
	// Reason says why. It is empty for a token that was verified and did not have
	// to change, because its kind gets no claim.
	Reason Reason
	// Err is the cause of a Reason that has one, for the log. It names no token,
	// user or document.
	Err error

	// exempt says that the Reason concerns this token only: it gets no claim, is
	// not bound to a token that does, and blocked no other.
	exempt bool
}

// Refusable reports whether [Refuse] applies to this outcome.
func (o Outcome) Refusable() bool {
	switch o.Reason {
	case TooLarge, Unavailable, SignFailed:
		return !o.exempt
	}
	return false
}
