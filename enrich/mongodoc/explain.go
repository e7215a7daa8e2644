package mongodoc

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// Explain says which document belongs to a user, and what becomes of it. Unlike
// [Source.Lookup] it reads the whole document, so that it can name what is left out. It
// makes at most four queries, each of which takes at most Options.Timeout.
func (s *Source) Explain(ctx context.Context, u enrich.User) (bsonjson.Explanation, error) {
	ids := s.mapping.Candidates(u)
	if len(ids) == 0 {
		return bsonjson.Explanation{}, nil
	}
	found, err := s.findWithin(ctx, ids)
	if err != nil || len(found) == 0 {
		return bsonjson.Explanation{}, err
	}
	filter, err := s.field.FilterOne(ids, found[0])
	if err != nil {
		return bsonjson.Explanation{}, err
	}
	whole, err := s.read(ctx, filter, options.Find().SetLimit(1))
	if err != nil {
		return bsonjson.Explanation{}, err
	}
	if len(whole) == 0 {
		return bsonjson.Explanation{}, nil // it was deleted meanwhile
	}
	e := s.mapping.Explain(u, whole[0])
	return e, s.countDocuments(ctx, u, ids, &e)
}

// findWithin is find within Options.Timeout.
func (s *Source) findWithin(ctx context.Context, ids []bsonjson.UserID) (found [][]byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err = retryOnce(ctx, func() (err error) {
		found, err = s.find(ctx, ids)
		return err
	})
	if err != nil {
		return nil, s.wrapError(err)
	}
	return found, nil
}

// countDocuments counts the documents of a user.
func (s *Source) countDocuments(ctx context.Context, u enrich.User, ids []bsonjson.UserID, e *bsonjson.Explanation) error {
	filter, err := s.field.Filter(ids)
	if err != nil {
		return err
	}
	docs, err := s.readFields(ctx, filter, bsonjson.MostExplained)
	if err != nil {
		return err
	}
	docs = slices.DeleteFunc(docs, func(doc []byte) bool { return !s.field.Matches(doc, ids) })
	e.Count(s.mapping, u, docs)
	return nil
}

// Elsewhere looks for a document with the user's id in another field than the user-id
// field ([bsonjson.Mapping.Elsewhere]). It makes one query, which may read the whole
// collection, and takes at most Options.Timeout.
func (s *Source) Elsewhere(ctx context.Context, u enrich.User) (bsonjson.NearMiss, bool, error) {
	filter, err := s.mapping.ElsewhereFilter(u)
	if err != nil || filter == nil {
		return bsonjson.NearMiss{}, false, err
	}
	projection, err := s.mapping.ElsewhereProjection()
	if err != nil {
		return bsonjson.NearMiss{}, false, err
	}
	docs, err := s.read(ctx, filter, options.Find().SetLimit(1).SetProjection(projection))
	if err != nil || len(docs) == 0 {
		return bsonjson.NearMiss{}, false, err
	}
	near, ok := s.mapping.Elsewhere(u, docs[0])
	return near, ok, nil
}

// mostUsers limits how many documents [Source.FirstWithDocument] reads.
const mostUsers = 16

// FirstWithDocument returns the index of the first of some users who has a document, and -1
// if none has. It makes one query, which takes at most Options.Timeout.
func (s *Source) FirstWithDocument(ctx context.Context, users []enrich.User) (int, error) {
	var ids []bsonjson.UserID
	for _, u := range users {
		ids = append(ids, s.mapping.Candidates(u)...)
	}
	if len(ids) == 0 {
		return -1, nil
	}
	filter, err := s.field.Filter(ids)
	if err != nil {
		return -1, err
	}
	docs, err := s.readFields(ctx, filter, mostUsers)
	if err != nil {
		return -1, err
	}
	return slices.IndexFunc(users, func(u enrich.User) bool {
		return slices.ContainsFunc(docs, func(doc []byte) bool {
			_, ok := s.mapping.MatchedType(u, doc)
			return ok
		})
	}), nil
}
