package mongodoc

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Inspect reads from the collection once, within ctx, and returns warnings: what an
// operator should know, but what does not stop the source from working.
func (s *Source) Inspect(ctx context.Context) (warnings []string, err error) {
	collection, err := s.documents(ctx)
	if err != nil {
		return nil, s.wrapError(err)
	}
	if err := probe(ctx, collection); err != nil {
		return nil, s.wrapError(err)
	}
	if p := s.connection.readPreference; p != "" {
		warnings = append(warnings, fmt.Sprintf("the URI's read preference %s is not used, reads go to the primary", p))
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

// probe reads the _id of any document. Unlike a ping, a read needs permission.
func probe(ctx context.Context, collection *mongo.Collection) error {
	cursor, err := collection.Find(ctx, struct{}{}, options.Find().SetLimit(1).SetProjection(map[string]int{"_id": 1}))
	if err != nil {
		return err
	}
	_, err = readAll(ctx, cursor)
	return err
}

// ErrNotUnique says that a user can have two documents.
var ErrNotUnique = errors.New("no unique index on the user-id field")

// CheckUnique reports, within ctx, whether a unique index limits users to one
// document, as [Source.Insert] needs. The error wraps [ErrNotUnique] if none does,
// and says how to make the index.
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
	return fmt.Errorf("%w: two first logins at the same time could make two documents; make one with db.getCollection(%q).createIndex({%q: 1}, {unique: true})",
		ErrNotUnique, s.collection, s.field.String())
}

func indexesOf(ctx context.Context, collection *mongo.Collection) ([][]byte, error) {
	cursor, err := collection.Indexes().List(ctx)
	if err != nil {
		return nil, fmt.Errorf("list of indexes: %w", err)
	}
	indexes, err := readAll(ctx, cursor)
	if err != nil {
		return nil, fmt.Errorf("list of indexes: %w", err)
	}
	return indexes, nil
}

// indexWarning says how to make a missing index.
func (s *Source) indexWarning(ctx context.Context, collection *mongo.Collection) (string, error) {
	indexes, err := indexesOf(ctx, collection)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(indexes, s.field.IsIndexedBy) {
		return "", nil
	}
	return fmt.Sprintf("no index on the user-id field, each lookup reads the whole collection; make one with db.getCollection(%q).createIndex({%q: 1})",
		s.collection, s.field.String()), nil
}

// collationWarning says that the collection has a collation.
func (s *Source) collationWarning(ctx context.Context, collection *mongo.Collection) (string, error) {
	specs, err := collection.Database().ListCollectionSpecifications(ctx, map[string]string{"name": s.collection})
	if err != nil {
		return "", fmt.Errorf("options of the collection: %w", err)
	}
	for _, spec := range specs {
		if _, err := spec.Options.LookupErr("collation"); err == nil {
			return "the collection has a collation: similar ids are told apart by a second read without an index", nil
		}
	}
	return "", nil
}
