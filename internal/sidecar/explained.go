package sidecar

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/internal/credentials"
	"github.com/tokengraft/tokengraft/internal/redact"
)

// A UserExplanation says which document belongs to a user. Its JSON form is documented in
// docs/operations.md, and its names do not change. It does not have the user's id.
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
	Document    *TriedSize        `json:"document,omitempty"`
	Token       []TriedSize       `json:"token,omitempty"`
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

// mostFields limits the fields of an explanation.
const mostFields = 100

// document adds what a document becomes.
func (e *ExplainedUser) document(cfg *config.Config, found bsonjson.Explanation, values bool) {
	e.Found, e.Documents, e.MatchedType = true, found.Documents, string(found.By)
	for _, typ := range found.Others {
		e.OtherTypes = append(e.OtherTypes, string(typ))
	}
	if found.Documents > 1 {
		e.Why = why(found)
	}
	for _, field := range found.Kept[:min(len(found.Kept), mostFields)] {
		e.Fields = append(e.Fields, fieldOf(field, "", values))
	}
	for _, left := range found.LeftOut[:min(len(found.LeftOut), mostFields)] {
		e.LeftOut = append(e.LeftOut, fieldOf(left.FieldSize, left.Why, false))
	}
	if values {
		e.DocumentID = found.Document.ID
	}
	if found.Err != nil {
		e.Error = found.Err.Error()
		return
	}
	e.Credentials = secretsOf(found)
	size := sizeOf("document", len(found.Document.JSON), int(cfg.Claim.MaxSize), "claim.max_size")
	e.Document = &size
	e.Token = sizesIn(addedBytes(cfg.Claim, found.Document.JSON), cfg.Claim)
}

// secretsOf describes the fields that look like credentials.
func secretsOf(found bsonjson.Explanation) (secrets []ExplainedSecret) {
	for _, c := range found.Document.Credentials {
		secrets = append(secrets, ExplainedSecret{c.Path, c.Dropped, credentials.Advice(c)})
	}
	return secrets
}

// fieldOf describes a field. Without values it hides names that could be ids of users.
func fieldOf(f bsonjson.FieldSize, why string, values bool) ExplainedField {
	field := ExplainedField{Path: f.Path, Type: f.Type, Bytes: f.Bytes, Why: why}
	if values {
		field.Value = f.Value
		return field
	}
	names := strings.Split(f.Path, ".")
	for i, name := range names {
		if name != credentials.Hidden {
			names[i] = redact.Name(name)
		}
	}
	field.Path = strings.Join(names, ".")
	return field
}

// addedBytes returns by how much a document makes a token longer, without what restores the
// original.
func addedBytes(c config.Claim, document []byte) int {
	const perClaim = len(`"":,`)
	n := len(c.Name) + len(document) + perClaim
	if c.ReadAt != "" {
		n += len(c.ReadAt) + len("1700000000") + perClaim
	}
	if c.Freshness != "" {
		n += len(c.Freshness) + len(`"fresh"`) + perClaim
	}
	return inBase64(n)
}
