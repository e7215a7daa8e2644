package cache

import (
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// A key identifies an entry: one user's document in one shape.
type key struct {
	shape uint32 // the number of a [Source]'s shape
	user  enrich.User
}

// An entry is the result of one read. It does not change. The cache keeps it as a [record].
type entry struct {
	key     key
	doc     enrich.Document // has only ReadAt if missing is true
	missing bool            // the user has no document
	// followed is the number of the [enrich.Follower] when the read of a missing
	// document began.
	followed uint64
	// keepUntil is when the token that it was read for expires. Until then the
	// entry may answer a login.
	keepUntil time.Time
	mark      mark
}

// document returns the result in the form of [enrich.Source.Lookup].
func (e *entry) document() (enrich.Document, error) {
	if e.missing {
		return enrich.Document{}, enrich.ErrNoDocument
	}
	return e.doc, nil
}

// staleDocument returns the document, marked as stale.
func (e *entry) staleDocument() enrich.Document {
	doc := e.doc
	doc.Stale = true
	return doc
}

// fresh reports whether the entry is not older than the query allows and its token has
// not expired.
func (e *entry) fresh(q enrich.Query, now time.Time) bool {
	return elapsed(e.doc.ReadAt, q.NotBefore) <= 0 && elapsed(e.keepUntil, now) <= 0
}

// withinStaleBound reports whether the entry may be used while its source fails. The
// token that it was read for may have expired at most staleFor ago. The function
// withinAgeBound adds a limit that depends on the token of the query.
func (e *entry) withinStaleBound(q enrich.Query, now time.Time, staleFor time.Duration) bool {
	return !e.missing && staleFor > 0 &&
		elapsed(e.keepUntil, now) <= staleFor &&
		withinAgeBound(e.doc, q, now, staleFor)
}

// withinAgeBound reports whether the age of the document is at most staleFor plus
// the remaining lifetime of the query's token. If staleFor is zero, the document must
// also not be older than the query allows, so that a refresh never gets an earlier
// read.
func withinAgeBound(doc enrich.Document, q enrich.Query, now time.Time, staleFor time.Duration) bool {
	if staleFor == 0 && doc.ReadAt.Before(q.NotBefore) {
		return false
	}
	return elapsed(doc.ReadAt, now)-staleFor <= remaining(now, q.KeepUntil)
}
