package mongodoc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// createdUsers is the collection in which [Source.MarkCreated] remembers users.
const createdUsers = "tokengraft_users"

// errNoUserID wraps [enrich.ErrNoDocument], because no document can have such an id.
var errNoUserID = fmt.Errorf("%w: the user id in the token does not have the type of the user-id field", enrich.ErrNoDocument)

// Insert inserts a document for a user, unless they have one. The document is MongoDB
// Extended JSON without the user-id field. The field must have a unique index, or a
// user could get two documents: see [Source.CheckUnique]. The error wraps
// [enrich.ErrNoDocument] if MongoDB refuses the document and would again, or if no
// document can have the user's id.
func (s *Source) Insert(ctx context.Context, u enrich.User, document json.RawMessage) error {
	return s.upsertDocument(ctx, u, func(id bsonjson.UserID) ([]byte, error) { return s.field.Insertion(id, document) })
}

// SetTime sets a path in the user's document to a time. If the user has no document,
// it inserts one.
func (s *Source) SetTime(ctx context.Context, u enrich.User, path string, at time.Time) error {
	return s.upsertDocument(ctx, u, func(id bsonjson.UserID) ([]byte, error) { return s.field.Assignment(id, path, at.UnixMilli()) })
}

// upsertDocument applies an update to the user's document. If there is none, it inserts
// one with the preferred id.
func (s *Source) upsertDocument(ctx context.Context, u enrich.User, updateOf func(bsonjson.UserID) ([]byte, error)) error {
	ids := s.mapping.Candidates(u)
	if len(ids) == 0 {
		return errNoUserID
	}
	others, err := s.mixed(ctx, ids)
	if err != nil {
		return s.wrapError(err)
	}
	query, errQuery := s.writeQuery(ctx, ids, others)
	update, errUpdate := updateOf(ids[0])
	if err := errors.Join(errQuery, errUpdate); err != nil {
		return err
	}
	_, err = s.upsert(ctx, s.collection, query, update)
	return err
}

// writeQuery returns the query for the user's document, which is none of the others. If
// ids of several types have a document, the query is for the one that a lookup finds (law
// F4). A unique index does not prevent these.
func (s *Source) writeQuery(ctx context.Context, ids []bsonjson.UserID, others [][]byte) ([]byte, error) {
	if len(ids) == 1 {
		return s.field.Filter(ids, others...)
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var found [][]byte
	err := retryOnce(ctx, func() (err error) {
		found, err = s.find(ctx, ids)
		return err
	})
	switch {
	case err != nil:
		return nil, s.wrapError(err)
	case len(found) > 1:
		return s.field.FilterOne(ids, found[0])
	}
	return s.field.Filter(ids, others...)
}

// maxMixed bounds what [Source.mixed] reads. Usually there are at most as many such
// documents as issuers.
const maxMixed = 1000

var errMixed = errors.New("too many documents have the user's id and issuer, but in different elements of an array")

// mixed returns documents that have the user's id and issuer, but not together. A query
// for the user finds them too, and they must not be written.
func (s *Source) mixed(ctx context.Context, ids []bsonjson.UserID) (others [][]byte, err error) {
	if !s.field.HasIssuer() {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err = retryOnce(ctx, func() (err error) {
		others, err = s.collect(ctx, ids, options.Find(), maxMixed, func(doc []byte) bool { return !s.field.Matches(doc, ids) })
		return err
	})
	if err == nil && len(others) == maxMixed {
		err = errMixed
	}
	return others, err
}

// Has reports whether the user has a document.
func (s *Source) Has(ctx context.Context, u enrich.User) (bool, error) {
	_, err := s.Lookup(ctx, enrich.Query{User: u})
	switch {
	case err == nil, errors.Is(err, enrich.ErrUndecodable):
		return true, nil
	case errors.Is(err, enrich.ErrNoDocument):
		return false, nil
	}
	return false, err
}

// IsCreated reports whether [Source.MarkCreated] was called for the user, with any of
// the types that their id can have.
func (s *Source) IsCreated(ctx context.Context, u enrich.User) (bool, error) {
	ids := s.mapping.Candidates(u)
	if len(ids) == 0 {
		return false, errNoUserID
	}
	query, err := bsonjson.Marks(ids, s.collection)
	if err != nil {
		return false, err
	}
	collection, err := s.durable(ctx, createdUsers)
	if err != nil {
		return false, s.wrapError(err)
	}
	var n int64
	err = retryOnce(ctx, func() (err error) {
		n, err = collection.CountDocuments(ctx, query, options.Count().SetLimit(1))
		return err
	})
	if err != nil {
		return false, s.wrapError(err)
	}
	return n > 0, nil
}

// MarkCreated records that a user was created, in the collection tokengraft_users of
// the same database. It reports whether this is the first record for the user.
func (s *Source) MarkCreated(ctx context.Context, u enrich.User) (first bool, err error) {
	ids := s.mapping.Candidates(u)
	if len(ids) == 0 {
		return false, errNoUserID
	}
	query, update, err := ids[0].Mark(s.collection, time.Now().UnixMilli())
	if err != nil {
		return false, err
	}
	return s.upsert(ctx, createdUsers, query, update)
}

// upsert runs one update as an upsert and reports whether it inserted a document. The
// update must be safe to repeat. If two run at the same time, MongoDB may refuse one;
// its retry then finds the document of the other.
func (s *Source) upsert(ctx context.Context, name string, query, update []byte) (made bool, err error) {
	collection, err := s.durable(ctx, name)
	if err != nil {
		return false, s.wrapError(err)
	}
	err = retryOnce(ctx, func() error {
		result, err := collection.UpdateOne(ctx, query, update, options.UpdateOne().SetUpsert(true))
		made = err == nil && result.UpsertedCount > 0
		return err
	})
	if err != nil {
		return false, s.wrapWriteError(err)
	}
	return made, nil
}

// The error codes with which MongoDB refuses a document because of what is in it.
const (
	duplicateKey       = 11000
	failsItsValidation = 121
)

// wrapWriteError is wrapError for writes. It adds [enrich.ErrNoDocument] if MongoDB
// would refuse the document again.
func (s *Source) wrapWriteError(err error) error {
	var refusal mongo.WriteException
	if errors.As(err, &refusal) && (refusal.HasErrorCode(duplicateKey) || refusal.HasErrorCode(failsItsValidation)) {
		return fmt.Errorf("%w: %w", enrich.ErrNoDocument, s.wrapError(err))
	}
	return s.wrapError(err)
}

// durable returns a collection whose confirmed writes cannot be rolled back.
func (s *Source) durable(ctx context.Context, name string) (*mongo.Collection, error) {
	client, err := s.connection.client(ctx)
	if err != nil {
		return nil, err
	}
	return client.Database(s.database).Collection(name, options.Collection().SetWriteConcern(writeconcern.Majority())), nil
}
