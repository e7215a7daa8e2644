package enrich

import (
	"encoding/json"
	"time"
)

// A Document is a user's data as it will stand in a token.
type Document struct {
	// JSON is one JSON object on one line, in which no name occurs twice. It is
	// shared and read-only.
	JSON json.RawMessage
	// ReadAt is when the read of the data began.
	ReadAt time.Time
	// Stale says that the source failed, and that this document is older than the
	// query allows.
	Stale bool
	// ID is the document's name in its source, by which an [Invalidator] knows
	// it. It is empty if the source has no such name.
	ID string
}
