package mongodoc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// maxNamed limits how many other collections a warning names.
const maxNamed = 10

// Missing returns a warning if the collection does not exist or has no documents: MongoDB
// reads such a collection without an error. It returns "" if there are documents. Only ctx
// limits its time.
func (s *Source) Missing(ctx context.Context) (warning string, err error) {
	collection, err := s.documents(ctx)
	if err != nil {
		return "", s.wrapError(err)
	}
	n, err := collection.CountDocuments(ctx, struct{}{}, options.Count().SetLimit(1))
	switch {
	case err != nil:
		return "", s.wrapError(err)
	case n > 0:
		return "", nil
	}
	database := collection.Database()
	names, err := database.ListCollectionNames(ctx, struct{}{})
	switch {
	case err != nil: // without the permission to list them
		return fmt.Sprintf("the collection %q of the database %q is empty or does not exist, so no user has a document", s.collection, database.Name()), nil
	case slices.Contains(names, s.collection):
		return fmt.Sprintf("the collection %q of the database %q is empty, so no user has a document", s.collection, database.Name()), nil
	case len(names) == 0:
		return fmt.Sprintf("the database %q does not exist or has no collections, so no user has a document. Correct documents.mongodb.database", database.Name()), nil
	}
	slices.Sort(names)
	more := ""
	if len(names) > maxNamed {
		names, more = names[:maxNamed], " …"
	}
	return fmt.Sprintf("the collection %q does not exist, so no user has a document. The database %q has %s%s. Correct documents.mongodb.collection",
		s.collection, database.Name(), strings.Join(names, ", "), more), nil
}
