package mongodoc

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// Delete deletes the document old, which it identifies by its _id, if it is still old. If
// a field at the top of it has changed, or it is already gone, Delete returns false. A
// majority confirms the write. Delete does not repeat it, because the first may have been
// done: after an error the document may be gone.
func (s *Source) Delete(ctx context.Context, old []byte) (deleted bool, err error) {
	query, err := bsonjson.Unchanged(old, old)
	if err != nil {
		return false, err
	}
	deleted, err = s.exactly(ctx, func(documents *mongo.Collection, collation *options.Collation) (int64, error) {
		o := options.DeleteOne()
		if collation != nil {
			o.SetCollation(collation)
		}
		result, err := documents.DeleteOne(ctx, query, o)
		if err != nil {
			return 0, err
		}
		return result.DeletedCount, nil
	})
	if err != nil {
		return false, s.wrapWriteError(err)
	}
	return deleted, nil
}

// IsOwn reports whether a document has the id of a user, with their issuer if documents
// name it, and no other id.
func (s *Source) IsOwn(user enrich.User, doc []byte) bool {
	ids := s.mapping.Candidates(user)
	has := s.field.UserIDs(doc)
	return len(has) == 1 && len(ids) > 0 && s.field.Matches(doc, ids)
}
