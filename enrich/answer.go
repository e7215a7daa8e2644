package enrich

import (
	"context"
	"errors"
	"time"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// Answer returns a JSON object in which the backend speaks of a user, as in the
// answers of userinfo and introspection, with the same claims that a token of
// that user gets. Every other byte stays. It comes back as it is where the user
// has no document, and where the object says that its token is not active.
//
// A document may be as old as in a token that was issued with these claims. The
// error says that the document could not be had; then nothing is returned.
func (e *Enricher) Answer(ctx context.Context, object []byte) ([]byte, error) {
	o, err := jsonedit.Parse(object)
	if err != nil {
		return nil, err
	}
	if active := o.Value("active"); active != nil && string(active) != "true" {
		return object, nil
	}
	now := time.Now()
	var claimed Verified
	claimed.IssuedAt, _ = numericDate(o.Value("iat"))
	claimed.ExpiresAt, _ = numericDate(o.Value("exp"))
	life := e.lifetime(claimed, now)
	document, err := e.ask(ctx, Query{User: e.user(o), NotBefore: now.Add(-life), KeepUntil: now.Add(life)})
	switch {
	case errors.Is(err, ErrNoDocument):
		return object, nil
	case err != nil:
		return nil, err
	case len(document.JSON) > e.o.MaxSize:
		return nil, e.tooLarge(document)
	}
	for _, c := range e.documentClaims(&part{document: document}) {
		o.Set(c.name, c.value)
	}
	return o.Bytes(), nil
}
