package enrich

// A Reason is why a token was or was not enriched: one word of a closed set.
type Reason string

// The reasons.
const (
	OK          Reason = "ok"          // enriched with a fresh document
	Stale       Reason = "stale"       // enriched with an older document because the source failed
	NoDocument  Reason = "no_document" // the user has no document
	Opaque      Reason = "opaque"      // not a JWS, for example a JWE
	NotOurs     Reason = "not_ours"    // another issuer or audience, or a key that the backend does not have
	BadToken    Reason = "bad_token"   // wrong signature, time, algorithm or format
	KeyBound    Reason = "key_bound"   // bound to a DPoP proof, which would not match an enriched token
	TooLarge    Reason = "too_large"   // the document, the token, or the header line or cookie that holds it
	Unavailable Reason = "unavailable" // the source failed, or the backend's keys could not be fetched
	SignFailed  Reason = "sign_failed" // there is no signing key for the algorithm, or signing failed
	Canceled    Reason = "canceled"    // the client went away before the tokens were read
	Rejected    Reason = "rejected"    // a hook refused the tokens
	NotFound    Reason = "not_found"   // a response without a token where there should be one; never of an Outcome
)

// Blocks reports whether a token with this reason keeps every token of its grant
// unenriched. It does not if its kind gets no claim and it is not bound to a token
// that gets one.
func (r Reason) Blocks() bool {
	switch r {
	case BadToken, TooLarge, Unavailable, SignFailed, KeyBound, Canceled, Rejected:
		return true
	}
	return false
}
