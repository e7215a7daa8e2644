package sidecar

import (
	"encoding/json"

	"github.com/tokengraft/tokengraft/enrich"
)

// A Trial is what [Try] found. Its JSON form is documented in docs/operations.md, and its
// names do not change.
type Trial struct {
	// Rule is the pattern of the rule. It is empty for a token for which none was named.
	Rule string `json:"rule,omitempty"`
	// Response is the one of the responses that was tried.
	Response *TriedResponse `json:"response,omitempty"`
	// Enriched says that at least one token was enriched, and that the client gets it.
	Enriched bool `json:"enriched"`
	// Reason is why there are no tokens: not_found.
	Reason enrich.Reason `json:"reason,omitempty"`
	// Unread says why serve does not look for tokens in the response.
	Unread string `json:"unread,omitempty"`
	// Refused says why serve sends an error instead of the response.
	Refused string `json:"refused,omitempty"`
	// Places are the locations of the rule, and other places that repeat a token.
	Places []TriedPlace `json:"places,omitempty"`
	// Elsewhere are the places with tokens of which the rule knows nothing.
	Elsewhere []string `json:"elsewhere,omitempty"`
	// RefreshTokens are the places of refresh tokens, which never change.
	RefreshTokens []string     `json:"refresh_tokens,omitempty"`
	Tokens        []TriedToken `json:"tokens"`
	Notes         []string     `json:"notes,omitempty"`
}

// A TriedResponse is a response among others. Numbers start at 1.
type TriedResponse struct {
	Status int `json:"status"`
	Number int `json:"number"`
	Of     int `json:"of"`
}

// A TriedPlace is a place of a response.
type TriedPlace struct {
	Location string      `json:"location"`
	Kind     enrich.Kind `json:"kind"`
	// Token is the number of the token there, from 1. It is 0 if there is none.
	Token int `json:"token"`
	// Repeats says that the rule does not name the place, which repeats a token.
	Repeats bool `json:"repeats,omitempty"`
}

// A TriedToken is a token, and what became of it.
type TriedToken struct {
	Kind     enrich.Kind    `json:"kind"`
	Reason   enrich.Reason  `json:"reason"`
	Cause    string         `json:"cause,omitempty"`
	Hints    []string       `json:"hints,omitempty"`
	Before   TriedText      `json:"before"`
	After    *TriedText     `json:"after,omitempty"`
	Verified *TriedVerified `json:"verified,omitempty"`
	Lookup   *TriedLookup   `json:"lookup,omitempty"`
	Sizes    []TriedSize    `json:"sizes,omitempty"`
}

// A TriedText is a token in its parts. Those are missing if it cannot be parsed.
type TriedText struct {
	Bytes  int             `json:"bytes"`
	Header json.RawMessage `json:"header,omitempty"`
	Claims []TriedClaim    `json:"claims,omitempty"`
	Error  string          `json:"error,omitempty"`
	// Token is the token itself. Only the enriched one has it.
	Token string `json:"token,omitempty"`
}

// A TriedClaim is a claim, and how many bytes it takes in the token.
type TriedClaim struct {
	Name  string          `json:"name"`
	Bytes int             `json:"bytes"`
	Value json.RawMessage `json:"value"`
}

// A TriedVerified is how a token was verified.
type TriedVerified struct {
	Algorithm string `json:"algorithm"`
	KeyID     string `json:"kid,omitempty"`
	// Key names the key that verifies the signature. It is empty if none does.
	Key    string `json:"key"`
	Issuer string `json:"issuer,omitempty"`
	// Issuers and Audiences are what the configuration allows; any if they are empty.
	Issuers   []string `json:"issuers_allowed,omitempty"`
	Audience  []string `json:"audience,omitempty"`
	Audiences []string `json:"audiences_allowed,omitempty"`
}

// A TriedLookup is how the document of a token's user was looked up.
type TriedLookup struct {
	Claim     string `json:"claim"`
	ClaimType string `json:"claim_type"` // the JSON type of its value, or "missing"
	Field     string `json:"field"`
	FieldType string `json:"field_type"` // user_id_type
	Source    string `json:"source"`
	Found     bool   `json:"found"`
	// MatchedType is the type of the id in the document.
	MatchedType string `json:"matched_type,omitempty"`
	// Documents is how many documents the user has.
	Documents int `json:"documents,omitempty"`
	// Credentials are the fields of the document that look like credentials.
	Credentials []ExplainedSecret `json:"credentials,omitempty"`
	NearMisses  []NearMiss        `json:"near_misses,omitempty"`

	missing string // says that the collection does not exist or has no documents
}

func sizeOf(what string, size, limit int, setting string) TriedSize {
	s := TriedSize{What: what, Size: size, Limit: limit, Setting: setting}
	if limit > 0 {
		s.Percent = (size*100 + limit - 1) / limit
	}
	return s
}
