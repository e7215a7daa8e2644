package sidecar

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// An explainer is a source that can say which document belongs to a user, and why there is
// none.
type explainer interface {
	nearMisser
	// Explain reads the documents of a user.
	Explain(context.Context, enrich.User) (bsonjson.Explanation, error)
	// Elsewhere looks for the user's id in other fields.
	Elsewhere(context.Context, enrich.User) (bsonjson.NearMiss, bool, error)
	// FirstWithDocument returns the index of the first user who has a document, or -1.
	FirstWithDocument(context.Context, []enrich.User) (int, error)
}

// diagnosisTimeout bounds all queries of a diagnosis together. The admin listener closes a
// connection after 10 seconds.
const diagnosisTimeout = 8 * time.Second

// lookup says how the document of a token's user was looked up. The error is the cause to
// show instead of that of the outcome, or nil.
func (t *trier) lookup(ctx context.Context, token *enrich.Token, outcome enrich.Outcome) (*TriedLookup, error) {
	user, value := t.enricher.UserClaim(token)
	d := t.cfg.Documents
	l := &TriedLookup{
		Claim: string(d.UserIDClaim), ClaimType: jsonType(value),
		Field: d.UserIDField, FieldType: string(d.UserIDType), Source: describeSource(t.cfg),
		Found: outcome.Reason == enrich.OK || outcome.Reason == enrich.Stale,
	}
	source, ok := t.documents.source.(explainer)
	if !ok {
		return l, nil
	}
	ctx, cancel := context.WithTimeout(ctx, diagnosisTimeout)
	defer cancel()
	if outcome.Reason != enrich.NoDocument {
		if found, err := source.Explain(ctx, user); err == nil && found.Documents > 0 {
			l.Found, l.MatchedType, l.Documents = true, string(found.By), found.Documents
			l.Credentials = secretsOf(found)
		}
		return l, nil
	}
	if collection, ok := t.documents.source.(collectionSource); ok {
		if l.missing, _ = collection.Missing(ctx); l.missing != "" {
			return l, nil
		}
	}
	if near, ok, err := source.NearMiss(ctx, user); err == nil && ok {
		l.NearMisses = append(l.NearMisses, nearMissOf(d, near))
		return l, nearMiss{user, near, d}
	}
	l.NearMisses = misses(ctx, source, d, user, otherClaims(token, l.Claim, user))
	return l, nil
}

// describeSource names the source of documents.
func describeSource(cfg *config.Config) string {
	if d := cfg.Documents; d.File != "" {
		return "file " + filepath.Base(string(d.File))
	}
	return fmt.Sprintf("collection %s.%s", cfg.Documents.MongoDB.Database, cfg.Documents.MongoDB.Collection)
}

// jsonType returns the type of a value of JSON.
func jsonType(value []byte) string {
	if len(value) == 0 {
		return "missing"
	}
	switch value[0] {
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	if enrich.UserOf(value) == (enrich.User{}) {
		return "fraction"
	}
	return "number"
}
