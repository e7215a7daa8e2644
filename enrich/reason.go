package enrich

// A Reason is why a token was or was not enriched: one word of a closed set.
type Reason string

// The reasons.
const (
	OK          Reason = "ok"          // enriched with a fresh document
	Stale       Reason = "stale"       // enriched with an older document, because the source failed
	NoDocument  Reason = "no_document" // the user has no document
	Opaque      Reason = "opaque"      // not a JWS, for example a JWE
	NotOurs     Reason = "not_ours"    // another issuer or audience, or a key that the backend does not have
	BadToken    Reason = "bad_token"   // wrong signature, time, algorithm or shape
	KeyBound    Reason = "key_bound"   // bound to a DPoP proof, which would not match an enriched token
	TooLarge    Reason = "too_large"   // the document, the token, or the header line or cookie with it
	Unavailable Reason = "unavailable" // the source or the backend's keys did not answer
	SignFailed  Reason = "sign_failed" // no key of ours for the algorithm, or signing failed
	Canceled    Reason = "canceled"    // the client went away before the tokens were read
	Rejected    Reason = "rejected"    // a hook refused the tokens
)

// Blocks reports whether a token with this reason leaves every token of its
// grant as the backend issued it.
func (r Reason) Blocks() bool {
	switch r {
	case BadToken, TooLarge, Unavailable, SignFailed, KeyBound, Canceled, Rejected:
		return true
	}
	return false
}
