package mongodoc

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Inspect reads from the collection once. It returns warnings for the operator about
// problems that do not stop the source from working. An error means that the read
// failed. Only ctx limits its time.
func (s *Source) Inspect(ctx context.Context) (warnings []string, err error) {
	collection, err := s.documents(ctx)
	if err != nil {
		return nil, s.wrapError(err)
	}
	if err := probe(ctx, collection); err != nil {
		return nil, s.wrapError(err)
	}
	if p := s.connection.readPreference; p != "" {
		warnings = append(warnings, fmt.Sprintf("the read preference %s in the URI is ignored. Documents are always read from the primary, so that they are fresh", p))
	}
	for _, look := range []func(context.Context, *mongo.Collection) (string, error){s.indexWarning, s.collationWarning} {
		warning, err := look(ctx, collection)
		if err != nil {
			warning = s.wrapError(err).Error()
		}
		if warning != "" {
			warnings = append(warnings, warning)
		}
	}
	return warnings, nil
}

// probe reads the _id of one document. Unlike a ping, a read needs a permission.
func probe(ctx context.Context, collection *mongo.Collection) error {
	cursor, err := collection.Find(ctx, struct{}{}, options.Find().SetLimit(1).SetProjection(map[string]int{"_id": 1}))
	if err != nil {
		return err
	}
	_, err = readAll(ctx, cursor)
	return err
}

// ErrNotUnique means that a user can get two documents.
var ErrNotUnique = errors.New("there is no unique index on the user-id field")

// CheckUnique returns nil if a unique index limits users to one document, as
// [Source.Insert] needs. If there is none, the error wraps [ErrNotUnique] and says
// how to create the index. Only ctx limits its time.
func (s *Source) CheckUnique(ctx context.Context) error {
	collection, err := s.documents(ctx)
	if err != nil {
		return s.wrapError(err)
	}
	indexes, err := indexesOf(ctx, collection)
	if err != nil {
		return s.wrapError(err)
	}
	if slices.ContainsFunc(indexes, s.field.IsUniqueIn) {
		return nil
	}
	return fmt.Errorf("%w, so two first logins of a user at the same time could create two documents. Create the index with db.getCollection(%q).createIndex(%s, {unique: true})",
		ErrNotUnique, s.collection, s.field.IndexKeys())
}

func indexesOf(ctx context.Context, collection *mongo.Collection) ([][]byte, error) {
	cursor, err := collection.Indexes().List(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot list the indexes: %w", err)
	}
	indexes, err := readAll(ctx, cursor)
	if err != nil {
		return nil, fmt.Errorf("cannot list the indexes: %w", err)
	}
	return indexes, nil
}

// indexWarning returns a warning if no index can be used to search the field.
func (s *Source) indexWarning(ctx context.Context, collection *mongo.Collection) (string, error) {
	indexes, err := indexesOf(ctx, collection)
	if err != nil {
		return "", err
	}
	// A collection that exists has at least the index on _id. Creating an index would
	// create one whose name is misspelled; see Missing.
	if len(indexes) == 0 || slices.ContainsFunc(indexes, s.field.IsIndexedBy) {
		return "", nil
	}
	return fmt.Sprintf("there is no index on the user-id field, so each lookup reads the whole collection. Create the index with db.getCollection(%q).createIndex(%s)",
		s.collection, s.field.IndexKeys()), nil
}

// collationWarning returns a warning if the collection has a collation.
func (s *Source) collationWarning(ctx context.Context, collection *mongo.Collection) (string, error) {
	specs, err := collection.Database().ListCollectionSpecifications(ctx, map[string]string{"name": s.collection})
	if err != nil {
		return "", fmt.Errorf("cannot read the options of the collection: %w", err)
	}
	for _, spec := range specs {
		if _, err := spec.Options.LookupErr("collation"); err == nil {
			return "the collection has a collation. If a user has a similar id to another, their lookup takes a second read without an index", nil
		}
	}
	return "", nil
}
