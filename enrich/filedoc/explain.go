package filedoc

import (
	"context"
	"slices"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// Explain says which document belongs to a user, and what becomes of it.
func (s *Source) Explain(ctx context.Context, u enrich.User) (bsonjson.Explanation, error) {
	index, _, fault := s.file.current(ctx)
	if index == nil {
		return bsonjson.Explanation{}, s.wrapError(fault)
	}
	ids := s.mapping.Candidates(u)
	first, _ := index.find(ids)
	if first == nil {
		return bsonjson.Explanation{}, s.wrapError(fault)
	}
	var docs [][]byte
	for doc := range index.docs.all() {
		if len(docs) < bsonjson.MostExplained && s.mapping.Field().Matches(doc, ids) {
			docs = append(docs, doc)
		}
	}
	e := s.mapping.Explain(u, first)
	e.Count(s.mapping, u, docs)
	return e, nil
}

// Elsewhere looks for a document with the user's id in another field than the user-id
// field ([bsonjson.Mapping.Elsewhere]).
func (s *Source) Elsewhere(ctx context.Context, u enrich.User) (bsonjson.NearMiss, bool, error) {
	index, _, fault := s.file.current(ctx)
	if index == nil {
		return bsonjson.NearMiss{}, false, s.wrapError(fault)
	}
	for doc := range index.docs.all() {
		if near, ok := s.mapping.Elsewhere(u, doc); ok {
			return near, true, nil
		}
	}
	return bsonjson.NearMiss{}, false, nil
}

// FirstWithDocument returns the index of the first of some users who has a document, and -1
// if none has.
func (s *Source) FirstWithDocument(ctx context.Context, users []enrich.User) (int, error) {
	index, _, fault := s.file.current(ctx)
	if index == nil {
		return -1, s.wrapError(fault)
	}
	return slices.IndexFunc(users, func(u enrich.User) bool {
		doc, _ := index.find(s.mapping.Candidates(u))
		return doc != nil
	}), nil
}
