package filedoc

import (
	"slices"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// Parse is parse.
func Parse(content []byte) ([][]byte, error) {
	docs, err := parse(content)
	if err != nil {
		return nil, err
	}
	return slices.Collect(docs.all()), nil
}

// Collide gives every id the same hash.
func (s *Source) Collide() {
	before := s.file.good
	s.file.good = newIndex(before.docs, before.field, func(bsonjson.UserID) uint64 { return 1 })
	s.file.good.sum = before.sum // so that the next lookup does not replace it
}

// UsersOfSeveral returns how many ids have more than one document.
func (s *Source) UsersOfSeveral() int { return len(s.file.good.several) }
