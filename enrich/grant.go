package enrich

import "time"

// A Grant is the tokens that one response issues together, and what is known of
// the request for them.
type Grant struct {
	// Answered is when the backend's response header was read.
	Answered time.Time
	// Refresh says that the tokens were issued for a refresh token. Their
	// documents are read after Answered.
	Refresh bool
	// DPoP says that the request carried a DPoP proof (RFC 9449).
	DPoP bool
	// ClientCredentials says that the tokens were issued to a client and not to a
	// user (RFC 6749, section 4.4). No hook runs.
	ClientCredentials bool
	// Provider is how the user signed in, if the request shows it.
	Provider string
	// MarkFailure asks for the freshness claim "error" on tokens whose document
	// could not be fetched or is too large. It is for callers that send such
	// tokens on.
	MarkFailure bool
	// Shadow asks only what would become of the tokens. Nothing is signed: where
	// the signature would be, the tokens of the outcomes have zeros.
	Shadow bool
	// Code and State are what the claims c_hash and s_hash of an id_token hash
	// (OpenID Connect Core, section 3.3.2.11), from the response or its request.
	// They are empty if neither has them.
	Code, State string
	// Tokens differ from each other in Raw.
	Tokens []Issued
}
