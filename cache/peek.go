package cache

import (
	"time"

	"github.com/tokengraft/tokengraft/enrich"
)

// An Entry describes what a [Cache] holds of a user.
type Entry struct {
	// ReadAt is when the read of the document began.
	ReadAt time.Time
	// KeepUntil is when the last token expires that it was read for. Until then it can
	// answer logins.
	KeepUntil time.Time
	// Missing says that the user had no document.
	Missing bool
	// Usable says that it can answer a login whose token lives as long as that one. It
	// cannot after an invalidation, or after KeepUntil.
	Usable bool
	// DocumentBytes is the size of the document, and Bytes the memory of the entry.
	DocumentBytes int
	Bytes         int64
}

// Peek describes the entry of a user. It returns false if there is none. It counts no
// lookup, and does not change when the entry expires.
func (s *Source) Peek(u enrich.User) (Entry, bool) {
	k, now := key{shape: s.shape, user: u}, s.cache.clock.now()
	r, ok := s.cache.find(k)
	if !ok {
		return Entry{}, false
	}
	held := r.entry(k, now)
	return Entry{
		ReadAt: held.doc.ReadAt, KeepUntil: held.keepUntil, Missing: held.missing,
		Usable:        s.fresh(&held, enrich.Query{User: u, NotBefore: held.doc.ReadAt}, now),
		DocumentBytes: len(held.doc.JSON), Bytes: r.cost(),
	}, true
}
