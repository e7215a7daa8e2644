package enrich

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// ErrNoDocument says that a source was asked and has no document of the user.
// It is an answer, not a failure: the original token passes.
var ErrNoDocument = errors.New("no document")

// ErrUndecodable says that a source has a document of the user which cannot
// become a claim. Only this one user is concerned: the source itself is well.
var ErrUndecodable = errors.New("document cannot be decoded")

// A Query asks for one user's document and says how old it may be.
type Query struct {
	User User
	// NotBefore is the instant at or after which the read must have begun.
	NotBefore time.Time
	// KeepUntil is the end of the token's life: nobody needs the document
	// longer. Of joined callers the latest counts. A hit never moves it.
	KeepUntil time.Time
}

// A Document is a user's custom data as it will stand in the token.
type Document struct {
	// JSON is one JSON object without duplicate member names, on one line.
	// It is shared: nobody may write to it.
	JSON json.RawMessage
	// ReadAt is when the read of the data began.
	ReadAt time.Time
	// Stale says that the source failed, and that this is an older document
	// than was asked for, standing in.
	Stale bool
	// ID names the document in its source; change events carry it. It is empty
	// where the source has no such name.
	ID string
}

// A Source is where documents come from.
type Source interface {
	// Lookup returns the user's document. It bounds its own wait.
	//
	// The error wraps [ErrNoDocument] when there is none, and [ErrUndecodable]
	// when there is one that cannot become a claim. Any other error means that
	// the source could not tell. No error text contains the user's id or
	// anything of the document.
	Lookup(ctx context.Context, q Query) (Document, error)
}

// Invalidator is told what changed in a source.
type Invalidator interface {
	// Invalidate evicts by user ids or Document.IDs: when it has returned,
	// nothing read before the call is served for them.
	Invalidate(tags ...string)
	// InvalidateAll says that changes may have been missed: when it has returned,
	// nothing read before the call is served to anybody.
	InvalidateAll()
}

// A Checker can say whether it works, and what is wrong if it does not.
type Checker interface {
	Check(ctx context.Context) error
}
