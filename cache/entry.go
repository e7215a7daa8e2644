package cache

import (
	"bytes"
	"strings"
	"time"
	"unsafe"

	"github.com/tokengraft/tokengraft/enrich"
)

// A key is what an entry is kept under: one user's document in one shape.
type key struct {
	shape string
	user  enrich.User
}

// An entry is what one read found. It is never changed.
type entry struct {
	key key
	// doc is the document; where there is none, ReadAt alone.
	doc     enrich.Document
	missing bool
	// keepUntil is the end of its life: as long as it may be served to a login.
	keepUntil time.Time
	mark      mark
}

// answer returns what the entry says, as a source would.
func (e *entry) answer() (enrich.Document, error) {
	if e.missing {
		return enrich.Document{}, enrich.ErrNoDocument
	}
	return e.doc, nil
}

// standIn returns the document as one that stands in for a failing source.
func (e *entry) standIn() enrich.Document {
	doc := e.doc
	doc.Stale = true
	return doc
}

// serves reports whether the entry is as young as the query asks and within its
// own life.
func (e *entry) serves(q enrich.Query, now time.Time) bool {
	return elapsed(e.doc.ReadAt, q.NotBefore) <= 0 && elapsed(e.keepUntil, now) <= 0
}

// canStandIn reports whether the entry may stand in for a failing source: it is
// at most staleFor past the life of the token that it was read for, and past
// the age that the token at hand allows.
func (e *entry) canStandIn(q enrich.Query, now time.Time, staleFor time.Duration) bool {
	return !e.missing && staleFor > 0 &&
		elapsed(e.keepUntil, now) <= staleFor &&
		bearable(e.doc, q, now, staleFor)
}

// bearable reports whether a document is at most staleFor older than the life
// that the token has left, and without staleFor no older than was asked for: a
// refresh then never gets an earlier read.
func bearable(doc enrich.Document, q enrich.Query, now time.Time, staleFor time.Duration) bool {
	if staleFor == 0 && doc.ReadAt.Before(q.NotBefore) {
		return false
	}
	return elapsed(doc.ReadAt, now)-staleFor <= left(now, q.KeepUntil)
}

// own returns a copy of the entry that shares no memory with the token or the
// source's buffers, of which a few bytes could hold back many.
func (e *entry) own() *entry {
	own := *e
	own.key.user.ID = strings.Clone(e.key.user.ID)
	own.doc.JSON = bytes.Clone(e.doc.JSON)
	own.doc.ID = strings.Clone(e.doc.ID)
	return &own
}

// perEntry is what an entry takes in memory beside the bytes of its document
// and ids: itself, and its places in ristretto's three maps (values, costs,
// expirations), as measured by the test of the memory bound.
const perEntry = int64(unsafe.Sizeof(entry{})) + 208

// cost returns how much memory the entry takes, in bytes.
func (e *entry) cost() int64 {
	return perEntry + int64(cap(e.doc.JSON)+len(e.doc.ID)+len(e.key.user.ID))
}
