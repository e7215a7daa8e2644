package enrich

import (
	"encoding/json"
	"time"
)

// A Document is a user's data in the form that a token holds.
type Document struct {
	// JSON is one JSON object on one line. No name occurs twice in it. It is shared
	// and read-only.
	JSON json.RawMessage
	// ReadAt is when the read of the data began.
	ReadAt time.Time
	// Stale means that the source failed and this document is older than the query
	// allows.
	Stale bool
	// ID identifies the document in its source. It is what the source passes to
	// [Invalidator.Invalidate]. It is empty if the source has no such id.
	ID string
	// Credentials are the fields that looked like credentials, at most 32. The source
	// dropped them, or reports that they are in the document. A field that was named on
	// purpose is not among them. They are about this read: a document from a cache has none.
	Credentials []Credential
}
