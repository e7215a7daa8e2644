package cache

import (
	"encoding/binary"
	"encoding/json"
	"slices"

	"github.com/tokengraft/tokengraft/enrich"
)

// A record is an entry as the cache keeps it. It is one object without pointers, so the
// garbage collector does not look into it. A record does not change, so the documents that
// are made from it share its bytes.
//
// It has the fields of fixed size, then the user's id and issuer, the document's id and
// its JSON.
type record []byte

// The places of the fields of fixed size.
const (
	atReadAt     = 0
	atKeepUntil  = atReadAt + instantSize
	atMark       = atKeepUntil + instantSize
	atFollowed   = atMark + 3*8
	atShape      = atFollowed + 8
	atUserSize   = atShape + 4
	atIssuerSize = atUserSize + 4
	atIDSize     = atIssuerSize + 4
	atFlags      = atIDSize + 4
	atText       = atFlags + 1
)

// The flags of a record.
const (
	flagMissing = 1 << iota
	flagNumber  // key.user.Number
)

// newRecord returns an entry as a record. It has no memory in common with the entry: a few
// bytes of a token or of a source's buffer would keep all of it in memory.
func newRecord(e *entry, c clock) record {
	user, doc := e.key.user, e.doc
	size := atText + len(user.ID) + len(user.Issuer) + len(doc.ID) + len(doc.JSON)
	r := slices.Grow(record(nil), size) // to the size that the allocator takes for it, which cost counts
	r = c.instant(doc.ReadAt).append(r)
	r = c.instant(e.keepUntil).append(r)
	for _, n := range [...]uint64{e.mark.count, e.mark.user, e.mark.document, e.followed} {
		r = binary.LittleEndian.AppendUint64(r, n)
	}
	r = binary.LittleEndian.AppendUint32(r, e.key.shape)
	for _, text := range [...]string{user.ID, user.Issuer, doc.ID} {
		r = binary.LittleEndian.AppendUint32(r, uint32(len(text)))
	}
	r = append(r, e.flags())
	r = append(r, user.ID...)
	r = append(r, user.Issuer...)
	r = append(r, doc.ID...)
	return append(r, doc.JSON...)
}

func (e *entry) flags() (f byte) {
	if e.missing {
		f |= flagMissing
	}
	if e.key.user.Number {
		f |= flagNumber
	}
	return f
}

func (r record) uint64(at int) uint64 { return binary.LittleEndian.Uint64(r[at:]) }
func (r record) uint32(at int) uint32 { return binary.LittleEndian.Uint32(r[at:]) }

// bounds returns where the texts end: the user's id, the issuer, the document's id.
func (r record) bounds() (user, issuer, id int) {
	user = atText + int(r.uint32(atUserSize))
	issuer = user + int(r.uint32(atIssuerSize))
	return user, issuer, issuer + int(r.uint32(atIDSize))
}

// is reports whether the record is that of the key. It compares the whole key.
func (r record) is(k key) bool {
	user, issuer, _ := r.bounds()
	return r.uint32(atShape) == k.shape && r[atFlags]&flagNumber != 0 == k.user.Number &&
		string(r[atText:user]) == k.user.ID && string(r[user:issuer]) == k.user.Issuer
}

func (r record) mark() mark {
	return mark{count: r.uint64(atMark), user: r.uint64(atMark + 8), document: r.uint64(atMark + 16)}
}

// entry returns the record of the key as an entry, whose times are relative to now: see
// [moment.time].
func (r record) entry(k key, now moment) entry {
	_, issuer, id := r.bounds()
	e := entry{
		key:       k,
		doc:       enrich.Document{ReadAt: now.time(instantIn(r[atReadAt:]))},
		missing:   r[atFlags]&flagMissing != 0,
		followed:  r.uint64(atFollowed),
		keepUntil: now.time(instantIn(r[atKeepUntil:])),
		mark:      r.mark(),
	}
	if id < len(r) {
		e.doc.JSON = json.RawMessage(r[id:len(r):len(r)])
	}
	e.doc.ID = string(r[issuer:id])
	return e
}

// perRecord is how many bytes ristretto needs for a record: its places in three maps (values,
// costs, expirations), when these have just grown. The test of the memory limit measured it.
const perRecord = 240

// cost returns the memory of the record in bytes.
func (r record) cost() int64 { return perRecord + int64(cap(r)) }
