package enrich

import "context"

// A Source fetches documents.
type Source interface {
	// Lookup returns the document of q.User, read at q.NotBefore or later, and sets
	// its ReadAt: a cache treats a document as stale if its read began before the
	// lookup. Lookup must limit its own waiting time.
	//
	// The error wraps [ErrNoDocument] if the user has no document, and
	// [ErrUndecodable] if they have one that cannot be written as a claim. Any
	// other error means that the source failed. An error contains neither the
	// user's id nor any part of the document.
	Lookup(ctx context.Context, q Query) (Document, error)
}

// A Checker is a [Source] or a [Ring] that can report whether it works.
type Checker interface {
	// Check returns nil if it works, and otherwise what is wrong.
	Check(ctx context.Context) error
}

// A Follower is a [Source] that may tell an [Invalidator] about each change of its
// documents.
type Follower interface {
	// Following returns 0 while it does not, or may miss a change. While it does, it
	// returns a number, which is another one after each interruption.
	Following() uint64
}

// An Invalidator is notified when documents of a source change. A cache
// implements it.
type Invalidator interface {
	// Invalidate is called when documents have changed. The tags are user ids and
	// [Document.ID]s. After it returns, nothing that was read before the call is
	// used for these users and documents.
	Invalidate(tags ...string)
	// InvalidateAll is called when changes may have been missed. After it returns,
	// nothing that was read before the call is used for any user.
	InvalidateAll()
}
