package adminapi

import (
	"encoding/json"
	"time"
)

// A UserExplanation says which document belongs to a user, and what a token gets of it. It
// does not have the user's id.
type UserExplanation struct {
	// Found says that the user has a document.
	Found bool `json:"found"`
	// User is the hash by which the log of this process names the user.
	User      string `json:"user"`
	Source    string `json:"source"`
	Claim     string `json:"claim"`
	Field     string `json:"field"`
	FieldType string `json:"field_type"` // user_id_type
	Issuer    string `json:"issuer,omitempty"`
	// As has one element, or two if the id can also be a number in a token.
	As []ExplainedUser `json:"as"`
}

// An ExplainedUser is a user whose id has one type in the token.
type ExplainedUser struct {
	ClaimType string `json:"claim_type"` // string or number
	Found     bool   `json:"found"`
	// MatchedType is the type of the id in the document, and Why says why this document
	// counts, if there are several.
	MatchedType string   `json:"matched_type,omitempty"`
	Documents   int      `json:"documents"`
	OtherTypes  []string `json:"other_types,omitempty"`
	Why         string   `json:"why,omitempty"`
	DocumentID  string   `json:"document_id,omitempty"` // only with values
	// Error says why the document cannot be written as a claim.
	Error       string            `json:"error,omitempty"`
	Document    *Size             `json:"document,omitempty"`
	Token       []Size            `json:"token,omitempty"`
	Fields      []ExplainedField  `json:"fields,omitempty"`
	LeftOut     []ExplainedField  `json:"left_out,omitempty"`
	Credentials []ExplainedSecret `json:"credentials,omitempty"`
	NearMisses  []NearMiss        `json:"near_misses,omitempty"`
	Cache       *CacheState       `json:"cache,omitempty"`
}

// An ExplainedField is a field of the document. Bytes are those of its name and value as
// JSON; 0 if they are not known.
type ExplainedField struct {
	Path  string          `json:"path"`
	Type  string          `json:"type,omitempty"`
	Bytes int             `json:"bytes,omitempty"`
	Why   string          `json:"why,omitempty"` // the setting that leaves it out
	Value json.RawMessage `json:"value,omitempty"`
}

// An ExplainedSecret is a field that looks like a credential.
type ExplainedSecret struct {
	Path    string `json:"path"`
	Dropped bool   `json:"dropped"`
	Advice  string `json:"advice"`
}

// A CacheState is what the cache of one replica has of a user.
type CacheState struct {
	// State is none, fresh, no_document, expired or invalidated.
	State      string     `json:"state"`
	ReadAt     *time.Time `json:"read_at,omitempty"`
	AgeSeconds int64      `json:"age_seconds,omitempty"`
	// KeepUntil is when the last token expires for which the document was read.
	KeepUntil     *time.Time `json:"keep_until,omitempty"`
	Bytes         int64      `json:"bytes,omitempty"`
	DocumentBytes int        `json:"document_bytes,omitempty"`
}

// A NearMiss is a document that would be the user's with another setting.
type NearMiss struct {
	// Claim and Field are those with which the document is the user's, and FoundType is
	// the type of the id in it.
	Claim     string `json:"claim"`
	Field     string `json:"field"`
	FoundType string `json:"found_type,omitempty"`
	// Setting is the line of YAML to write in the section documents. It is empty if no
	// setting helps.
	Setting string `json:"setting,omitempty"`
	Text    string `json:"text"`
}

// A Size is a size and its bound, in bytes.
type Size struct {
	What    string `json:"what"` // "document", or a location
	Size    int    `json:"size"`
	Limit   int    `json:"limit"`
	Percent int    `json:"percent"`
	Setting string `json:"setting"`
}
