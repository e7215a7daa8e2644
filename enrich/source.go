package enrich

import "context"

// A Source is where documents come from.
type Source interface {
	// Lookup returns the document of q.User, read at q.NotBefore or later. It
	// bounds its own wait.
	//
	// The error wraps [ErrNoDocument] if the user has no document, and
	// [ErrUndecodable] if they have one that cannot be written as a claim. Any
	// other error means that the source failed. An error contains neither the
	// user's id nor anything of the document.
	Lookup(ctx context.Context, q Query) (Document, error)
}

// A Checker is a [Source] or a [Ring] that can say whether it works.
type Checker interface {
	// Check returns nil, or what is wrong.
	Check(ctx context.Context) error
}

// An Invalidator learns what changed in a source. A cache is one.
type Invalidator interface {
	// Invalidate takes user ids and [Document.ID]s. Once it has returned, nothing
	// that was read before the call is used for them.
	Invalidate(tags ...string)
	// InvalidateAll says that changes may have been missed. Once it has returned,
	// nothing that was read before the call is used for anybody.
	InvalidateAll()
}
