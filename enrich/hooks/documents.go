package hooks

import (
	"context"
	"encoding/json"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// Documents inserts and changes users' documents. mongodoc.Source implements it.
// Errors name no user.
type Documents interface {
	// Insert inserts the user's document, unless they have one. The document is
	// MongoDB Extended JSON without the user-id field. Insert relies on a unique
	// index on that field. The error wraps [enrich.ErrNoDocument] if the document is
	// refused and would be again, or if no document can have the user's id.
	Insert(ctx context.Context, u enrich.User, document json.RawMessage) error
	// SetTime sets a field of the user's document to a time, and inserts a document
	// if there is none. Dots in field reach into objects.
	SetTime(ctx context.Context, u enrich.User, field string, at time.Time) error
	// Has reports whether the user has a document.
	Has(ctx context.Context, u enrich.User) (bool, error)
	// IsCreated reports whether any replica ever called MarkCreated for the user. The
	// errors of both wrap [enrich.ErrNoDocument] if no document can have the user's id.
	IsCreated(ctx context.Context, u enrich.User) (bool, error)
	// MarkCreated records that the user has been created. It reports whether
	// this is the first call for the user, on any replica.
	MarkCreated(ctx context.Context, u enrich.User) (first bool, err error)
}
