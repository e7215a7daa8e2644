package enrich

import (
	"sync"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// A scratch is the memory in which a token is made or restored. Nothing of it may leave
// the call that took it, except as a copy: the next call overwrites it.
type scratch struct {
	payload                                              jsonedit.Object
	text, plaintext, additional, record, result, encoded []byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// maxScratch limits what a scratch keeps, in bytes. A token of 4 KiB takes about 20 KiB.
const maxScratch = 64 << 10

func takeScratch() *scratch { return scratches.Get().(*scratch) }

// put gives the memory back.
func (s *scratch) put() {
	if s.payload.Memory()+cap(s.text)+cap(s.plaintext)+cap(s.additional)+cap(s.record)+cap(s.result)+cap(s.encoded) <= maxScratch {
		scratches.Put(s)
	}
}
