package enrich

import "time"

// A Grant holds the tokens that one response issues together, and facts about
// the request for them.
type Grant struct {
	// Answered is when the backend's response header was read.
	Answered time.Time
	// Cause is why the tokens were issued. Unless it is [CauseLogin], their documents
	// are read after Answered.
	Cause Cause
	// DPoP means that the response says token_type: DPoP (RFC 9449, section 5). Then
	// its access tokens are bound to a key of the client, as are tokens with the claim
	// cnf.jkt in any response. They are not enriched if our own key would sign them,
	// because the ath of the client's proofs could not match. Hooks run all the same.
	DPoP bool
	// ClientCredentials means that the tokens were issued to a client and not to
	// a user (RFC 6749, section 4.4). No hook runs, unless Client says otherwise.
	ClientCredentials bool
	// Client has the possible ids of that client. If there are any, a verified token that
	// names none of them in azp, client_id, cid, appid or aud was issued to a user, and
	// hooks run. The claim sub does not count: it can be the name of a user.
	Client []string
	// Provider names the authentication provider that the user signed in with,
	// such as "local-userpass". It is passed to the hooks. It is empty if the
	// request does not say.
	Provider string
	// MarkFailure asks for the freshness claim "error" in tokens whose document
	// could not be fetched or is too large. It is for callers that send such
	// tokens to the client.
	MarkFailure bool
	// UserInfo means that the response is a signed description of a user (OpenID Connect
	// Core, section 5.3.2) and issues nothing: no hook runs. It should have iss and aud, but
	// some providers leave them out, and it does not have to end with exp.
	UserInfo bool
	// Shadow asks for a dry run: Enrich returns the same reasons and tokens of the
	// same size, but signs nothing. The signatures are zeros.
	Shadow bool
	// Code and State are the values that the claims c_hash and s_hash of an
	// id_token hash (OpenID Connect Core, section 3.3.2.11), from the response or
	// its request. They are empty if neither has them.
	Code, State string
	// Echoed reports whether a text also occurs in the request of the client, so that the
	// backend may have only repeated it. It is called for tokens that do not verify. If
	// one is echoed, it blocks no other token. Nil means that none is.
	Echoed func(raw string) bool
	// Tokens are the issued tokens. No two have the same Raw.
	Tokens []Issued
}
