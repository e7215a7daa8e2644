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

// An entry is the result of one read. It does not change.
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

// clone returns a copy of the entry that shares no memory with the token or with the
// source's buffers. Otherwise a few bytes could keep a large buffer in memory.
func (e *entry) clone() *entry {
	clone := *e
	clone.key.user.ID = strings.Clone(e.key.user.ID)
	clone.key.user.Issuer = strings.Clone(e.key.user.Issuer)
	clone.doc.JSON = bytes.Clone(e.doc.JSON)
	clone.doc.ID = strings.Clone(e.doc.ID)
	return &clone
}

// perEntry is the memory of an entry in bytes, without its document and ids: the
// struct, and its share of ristretto's three maps (values, costs, expirations). The
// test of the memory limit measured it.
const perEntry = int64(unsafe.Sizeof(entry{})) + 208

// cost returns the memory of the entry in bytes.
func (e *entry) cost() int64 {
	size := perEntry + int64(cap(e.doc.JSON)+len(e.doc.ID)+len(e.key.user.ID)+len(e.key.user.Issuer))
	for _, c := range e.doc.Credentials {
		size += int64(unsafe.Sizeof(c)) + int64(len(c.Path))
	}
	return size
}
