package mongodoc

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// SetText sets a member of the user's document to a text, and reports whether the user
// has a document. It never inserts one.
func (s *Source) SetText(ctx context.Context, u enrich.User, name, text string) (found bool, err error) {
	update, err := bsonjson.SetText(name, text)
	if err != nil {
		return false, err
	}
	return s.updateDocument(ctx, u, update)
}

// Unset removes a member of the user's document, and reports whether the user has a
// document.
func (s *Source) Unset(ctx context.Context, u enrich.User, name string) (found bool, err error) {
	update, err := bsonjson.Unset(name)
	if err != nil {
		return false, err
	}
	return s.updateDocument(ctx, u, update)
}

// updateDocument applies an update, which must be safe to repeat, to the user's document.
func (s *Source) updateDocument(ctx context.Context, u enrich.User, update []byte) (found bool, err error) {
	ids := s.mapping.Candidates(u)
	if len(ids) == 0 {
		return false, errNoUserID
	}
	others, err := s.mixed(ctx, ids)
	if err != nil {
		return false, s.wrapError(err)
	}
	query, err := s.writeQuery(ctx, ids, others)
	if err != nil {
		return false, err
	}
	collection, err := s.durable(ctx, s.collection)
	if err != nil {
		return false, s.wrapError(err)
	}
	var result *mongo.UpdateResult
	err = retryOnce(ctx, func() (err error) {
		result, err = collection.UpdateOne(ctx, query, update)
		return err
	})
	if err != nil {
		return false, s.wrapWriteError(err)
	}
	return result.MatchedCount > 0, nil
}
