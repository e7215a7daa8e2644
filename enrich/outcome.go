package enrich

import (
	"cmp"
	"slices"
	"time"
)

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
	// User is whose document was looked up. It is zero if none was.
	User User
	// DocumentSize is the size of the document in the token, as JSON in bytes. It is 0 if
	// there is none.
	DocumentSize int
	// Life is how long the token lives, at most, from now on. It is 0 if it is not verified, or
	// does not end.
	Life time.Duration

	// exempt means that the Reason affects this token only: the token gets no
	// claim, is not bound to a token that gets one, and did not block another.
	exempt bool
	// undecided means that the token was not verified, or that hooks could not decide
	// about its user.
	undecided bool
	// vouched means that the token cannot be verified and does not have to be, because
	// another token of its grant was accepted.
	vouched bool
}

// Refusable reports whether the policy [Refuse] applies to this outcome.
func (o Outcome) Refusable() bool {
	switch o.Reason {
	case TooLarge, Unavailable, SignFailed:
		return !o.exempt
	}
	return false
}

// Accepted reports whether the token may leave through a gate: it was verified, and
// its user was decided, so the hooks accepted the user and the lookup did not fail. It
// does not need to be enriched for that. A token that is opaque, or that only repeats
// text of the client and does not verify, is accepted with any other token of its
// grant.
func (o Outcome) Accepted() bool {
	switch o.Reason {
	case "", OK, Stale, NoDocument, TooLarge, SignFailed, KeyBound:
		return !o.undecided || o.vouched
	}
	return o.vouched
}

func (tx *transaction) outcomes() []Outcome {
	outcomes := make([]Outcome, len(tx.candidates))
	for i, c := range tx.candidates {
		outcomes[i] = Outcome{
			Raw:       cmp.Or(c.enriched, c.issued.Raw),
			Reason:    c.reason,
			Err:       c.err,
			User:      c.user,
			Life:      c.life,
			exempt:    c.reason.Blocks() && !tx.blocksGrant(c),
			undecided: c.undecided || !c.isVerified,
		}
	}
	for i, c := range tx.candidates {
		if c.enriched != "" {
			outcomes[i].DocumentSize = len(c.document.JSON)
		}
	}
	if slices.ContainsFunc(outcomes, Outcome.Accepted) {
		for i, c := range tx.candidates {
			outcomes[i].vouched = c.reason == Opaque || c.ignored
		}
	}
	return outcomes
}
