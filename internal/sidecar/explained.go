package sidecar

import (
	"strings"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/internal/credentials"
	"github.com/tokengraft/tokengraft/internal/redact"
)

// The types of an explanation are those of the admin API, which answers with them too.
type (
	UserExplanation = adminapi.UserExplanation
	ExplainedUser   = adminapi.ExplainedUser
	ExplainedField  = adminapi.ExplainedField
	ExplainedSecret = adminapi.ExplainedSecret
	CacheState      = adminapi.CacheState
	NearMiss        = adminapi.NearMiss
	TriedSize       = adminapi.Size
)

// mostFields limits the fields of an explanation.
const mostFields = 100

// addDocument adds what a document becomes.
func addDocument(e *ExplainedUser, cfg *config.Config, found bsonjson.Explanation, values bool) {
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
	e.Token = sizesIn(addedBytes(cfg.Claim, len(found.Document.JSON)), cfg.Claim)
}

// secretsOf describes the fields that look like credentials.
func secretsOf(found bsonjson.Explanation) (secrets []ExplainedSecret) {
	for _, c := range found.Document.Credentials {
		secrets = append(secrets, ExplainedSecret{Path: c.Path, Dropped: c.Dropped, Advice: credentials.Advice(c)})
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

// addedBytes returns by how much a document of this size makes a token longer, without what restores the
// original.
func addedBytes(c config.Claim, document int) int {
	const perClaim = len(`"":,`)
	n := len(c.Name) + document + perClaim
	if c.ReadAt != "" {
		n += len(c.ReadAt) + len("1700000000") + perClaim
	}
	if c.Freshness != "" {
		n += len(c.Freshness) + len(`"fresh"`) + perClaim
	}
	return inBase64(n)
}
