package cache

import (
	"bytes"
	"strings"
	"time"
	"unsafe"

	"github.com/tokengraft/tokengraft/enrich"
)

// A key identifies an entry: one user's document in one shape.
type key struct {
	shape string
	user  enrich.User
}

// An entry is the result of one read. It is never changed.
type entry struct {
	key     key
	doc     enrich.Document // only ReadAt if missing
	missing bool
	// keepUntil is when the token that it was read for expires. Until then the
	// entry may be served to a login.
	keepUntil time.Time
	mark      mark
}

// document returns the result as a source would.
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

// fresh reports whether the entry is as young as the query asks, and its token
// has not expired.
func (e *entry) fresh(q enrich.Query, now time.Time) bool {
	return elapsed(e.doc.ReadAt, q.NotBefore) <= 0 && elapsed(e.keepUntil, now) <= 0
}

// withinStaleBound reports whether the entry may be served though its source
// fails. It may be at most staleFor past the life of the token that it was read
// for, and the token of the query sets the same bound; see the function.
func (e *entry) withinStaleBound(q enrich.Query, now time.Time, staleFor time.Duration) bool {
	return !e.missing && staleFor > 0 &&
		elapsed(e.keepUntil, now) <= staleFor &&
		withinStaleBound(e.doc, q, now, staleFor)
}

// withinStaleBound reports whether the document is at most staleFor older than
// the time that the token of the query has left. Without staleFor it must also be
// as young as the query asks, so that a refresh never gets an earlier read.
func withinStaleBound(doc enrich.Document, q enrich.Query, now time.Time, staleFor time.Duration) bool {
	if staleFor == 0 && doc.ReadAt.Before(q.NotBefore) {
		return false
	}
	return elapsed(doc.ReadAt, now)-staleFor <= remaining(now, q.KeepUntil)
}

// clone returns a copy of the entry that shares no memory with the token or with
// the source's buffers: a few bytes of a large buffer would keep all of it.
func (e *entry) clone() *entry {
	clone := *e
	clone.key.user.ID = strings.Clone(e.key.user.ID)
	clone.doc.JSON = bytes.Clone(e.doc.JSON)
	clone.doc.ID = strings.Clone(e.doc.ID)
	return &clone
}

// perEntry is the memory of an entry without the bytes of its document and ids:
// the struct, and its places in ristretto's three maps (values, costs,
// expirations), as measured by the test of the memory bound.
const perEntry = int64(unsafe.Sizeof(entry{})) + 208

// cost returns the memory that the entry takes, in bytes.
func (e *entry) cost() int64 {
	return perEntry + int64(cap(e.doc.JSON)+len(e.doc.ID)+len(e.key.user.ID))
}
