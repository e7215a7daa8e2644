package enrich

import (
	"context"
	"errors"
	"time"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// EnrichObject adds to a JSON object about a user, such as the response of a
// userinfo or introspection endpoint, the claims that a token of that user gets.
// All other bytes stay the same. It returns the object unchanged if the user has
// no document, or if the object's member "active" is not true. If the object has copies
// of the claims of an enriched token, they are replaced, or removed without a document.
//
// The document may be as old as in a token with the same iat and exp. The error
// says that the object is not valid JSON, that the document could not be fetched,
// or that it is too large ([ErrTooLarge]).
func (e *Enricher) EnrichObject(ctx context.Context, object []byte) ([]byte, error) {
	o, err := jsonedit.Parse(object)
	if err != nil {
		return nil, err
	}
	if active := o.Value("active"); active != nil && string(active) != "true" {
		return object, nil
	}
	now := time.Now()
	var v Verified // nothing to verify: the object came from the backend itself
	v.IssuedAt, _ = numericDate(o.Value("iat"))
	v.ExpiresAt, _ = numericDate(o.Value("exp"))
	maxAge := e.maxAge(v, now)
	document, err := e.lookUp(ctx, Query{User: e.userOf(o), NotBefore: now.Add(-maxAge), KeepUntil: now.Add(maxAge)})
	var claims []claim
	switch {
	case errors.Is(err, ErrNoDocument):
	case err != nil:
		return nil, err
	case len(document.JSON) > e.o.MaxSize:
		return nil, e.documentTooLarge(document)
	default:
		claims = e.documentClaims(nil, document)
	}
	if isRecord(o.Value(restoreClaim)) {
		e.removeCopies(o, claims)
	}
	for _, c := range claims {
		o.Set(c.name, c.value)
	}
	return o.Bytes(), nil
}
