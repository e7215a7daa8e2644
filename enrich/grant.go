package enrich

import "time"

// A Grant is the tokens that one response issues together.
type Grant struct {
	// Answered is when the backend's response header was read.
	Answered time.Time
	// Refresh says that the tokens were issued for a refresh token, and so must
	// carry data read after Answered.
	Refresh bool
	// DPoP says that the request carried a DPoP proof (RFC 9449).
	DPoP bool
	// Client says that the tokens were issued to a client itself, and no user
	// (RFC 6749, section 4.4): no hook is run.
	Client bool
	// Provider is how the user signed in, if the request says so.
	Provider string
	// Mark asks for the freshness claim on tokens that miss their document for
	// a failure, too: the policy is to pass them on.
	Mark bool
	// Shadow asks only what would become of the tokens. Nothing is signed: the
	// tokens of the outcomes are as long as enriched ones, and verify nowhere.
	Shadow bool
	// Code and State are what c_hash and s_hash of an id_token speak of (OpenID
	// Connect Core 3.3.2.11), from the response or its request; empty if in
	// neither.
	Code, State string
	// Tokens are different from each other in Raw.
	Tokens []Issued
}

// An Issued token stands at one or more locations of a response.
type Issued struct {
	// Raw is the token in compact serialization (RFC 7515, section 7.1), as
	// the backend wrote it.
	Raw  string
	Kind Kind
	// Budget is how many bytes the enriched token may have, so that it fits
	// every location that it stands at.
	Budget int
}

// A Kind tells access tokens from id_tokens.
type Kind string

// The kinds of tokens.
const (
	Access Kind = "access"
	ID     Kind = "id"
)

// An Outcome is what became of one issued token.
type Outcome struct {
	// Raw is the token to send: the enriched one, or the original.
	Raw string
	// Reason says why. It is empty for a token that verified and had no reason
	// to change: its kind gets no claim.
	Reason Reason
	// Err is the cause of a Reason that has one, for the log. It names no
	// token, user or document.
	Err error

	// aside says that the Reason is the token's own: it gets no claim, speaks of
	// no token that does, and hindered none.
	aside bool
}

// Refusable reports whether the policy refuse answers 503 for this outcome.
func (o Outcome) Refusable() bool {
	switch o.Reason {
	case TooLarge, Unavailable, SignFailed:
		return !o.aside
	}
	return false
}

// A Reason is why a token was or was not enriched: one word of a closed set,
// the label of tokengraft_tokens_total.
type Reason string

// The reasons.
const (
	OK          Reason = "ok"          // enriched with a fresh document
	Stale       Reason = "stale"       // enriched with a document that stood in for a failing source
	NoDocument  Reason = "no_document" // the user has none
	Opaque      Reason = "opaque"      // not a JWS; a JWE is one of these
	NotOurs     Reason = "not_ours"    // another issuer or audience, or a key that the backend does not have
	BadToken    Reason = "bad_token"   // signature, time, algorithm or shape wrong
	KeyBound    Reason = "key_bound"   // bound to a DPoP proof, which could never match after restore
	TooLarge    Reason = "too_large"   // document, token, header line or cookie over its bound
	Unavailable Reason = "unavailable" // the source or the backend's keys could not be asked
	SignFailed  Reason = "sign_failed" // no key of ours for the algorithm, or signing failed
	Canceled    Reason = "canceled"    // the client went away before the tokens were read
	Rejected    Reason = "rejected"    // a hook let no token leave
)

// Blocks reports whether a token with this reason keeps every token of its
// grant as the backend issued it (law C1).
func (r Reason) Blocks() bool {
	switch r {
	case BadToken, TooLarge, Unavailable, SignFailed, KeyBound, Canceled, Rejected:
		return true
	}
	return false
}

// A Policy is what the client gets when enrichment fails. The zero Policy is
// Pass.
type Policy int

// The policies.
const (
	Pass   Policy = iota // the backend's response, untouched
	Refuse               // 503
)

// String returns the word of the configuration file.
func (p Policy) String() string {
	if p == Refuse {
		return "refuse"
	}
	return "pass"
}
