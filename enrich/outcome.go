package enrich

// An Outcome is the result for one issued token.
type Outcome struct {
	// Raw is the token to send: the enriched one, or the original.
	Raw string
	// Reason says why the token was or was not enriched. It is empty for a token
	// that was verified and did not need to change, because its kind gets no claim.
	Reason Reason
	// Err is the cause of the Reason, for the log; nil if there is none. It
	// contains no token, user id or document.
	Err error

	// exempt means that the Reason affects this token only: the token gets no
	// claim, is not bound to a token that gets one, and did not block another.
	exempt bool
}

// Refusable reports whether the policy [Refuse] applies to this outcome.
func (o Outcome) Refusable() bool {
	switch o.Reason {
	case TooLarge, Unavailable, SignFailed:
		return !o.exempt
	}
	return false
}
