package mongodoc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// What an Explorer reads at most.
const (
	maxCollections  = 500
	maxMatches      = 50
	sampleBatchSize = 20
)

// An Explorer looks for the collection and the field that identify users, in a database
// without a description. It only reads, and all that it reads is limited. It never
// returns a value of a document.
type Explorer struct {
	connection *connection
	database   string
}

// Explore makes an Explorer from URI, Database and Timeout of the options. Like [Open], it
// waits for DNS and not for MongoDB. The caller must close it.
func Explore(o Options) (*Explorer, error) {
	o.Collection, o.Field = "any", "any" // what an Explorer finds out
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	connection, err := newConnection(o.URI, o.dialer, o.Timeout)
	if err != nil {
		return nil, err
	}
	return &Explorer{connection: connection, database: o.Database}, nil
}

// Close disconnects.
func (x *Explorer) Close(ctx context.Context) error { return x.connection.close(ctx) }

// Collections returns the names of the database's collections, sorted, at most 500. It
// leaves out those of the server itself. Only ctx limits its time.
func (x *Explorer) Collections(ctx context.Context) ([]string, error) {
	client, err := x.connection.client(ctx)
	if err != nil {
		return nil, x.databaseError(err)
	}
	names, err := client.Database(x.database).ListCollectionNames(ctx, struct{}{})
	if err != nil {
		return nil, x.databaseError(err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(name, "system.") })
	slices.Sort(names)
	return names[:min(len(names), maxCollections)], nil
}

// FieldUses reads up to 200 documents of a collection, those with the highest _id, and
// returns how many it has read, and their fields. Only ctx limits its time.
func (x *Explorer) FieldUses(ctx context.Context, collection string) (documents int, uses []bsonjson.FieldUse, err error) {
	c, err := x.collection(ctx, collection)
	if err != nil {
		return 0, nil, wrapError(x.database, collection, err)
	}
	newest := options.Find().SetLimit(bsonjson.SampleSize).SetBatchSize(sampleBatchSize).SetSort(map[string]int{"_id": -1})
	cursor, err := c.Find(ctx, struct{}{}, newest)
	if err != nil {
		return 0, nil, wrapError(x.database, collection, err)
	}
	docs, err := readBytes(ctx, cursor, bsonjson.SampleBytes)
	if err != nil {
		return 0, nil, wrapError(x.database, collection, err)
	}
	return len(docs), bsonjson.FieldUses(docs), nil
}

// readBytes returns copies of documents until they have so many bytes together.
func readBytes(ctx context.Context, cursor *mongo.Cursor, most int) ([][]byte, error) {
	defer cursor.Close(ctx)
	var docs [][]byte
	for size := 0; size < most && cursor.Next(ctx); size += len(cursor.Current) {
		docs = append(docs, slices.Clone(cursor.Current))
	}
	return docs, cursor.Err()
}

// A FieldMatch is a document that has a user's id in a field.
type FieldMatch struct {
	User enrich.User
	// Found is the type that the id has in the document. Use is the first type of
	// Options.IDType with which a [Source] finds it.
	Found, Use bsonjson.UserIDType
}

// Match returns the documents of a collection that have the id of one of the users in a
// field, with any type, at most 50. Without an index on the field MongoDB reads the whole
// collection for it. Only ctx limits its time.
func (x *Explorer) Match(ctx context.Context, collection, field string, users []enrich.User) ([]FieldMatch, error) {
	f, err := bsonjson.NewField(field)
	if err != nil {
		return nil, err
	}
	of := map[bsonjson.UserID][]enrich.User{}
	var ids []bsonjson.UserID
	for _, user := range users {
		for _, id := range bsonjson.AnyType(user) {
			of[id] = append(of[id], user)
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	docs, err := x.find(ctx, collection, f, ids)
	if err != nil {
		return nil, wrapError(x.database, collection, err)
	}
	var matches []FieldMatch
	for _, doc := range docs {
		for _, id := range f.UserIDs(doc) {
			for _, user := range of[id] {
				matches = append(matches, FieldMatch{User: user, Found: id.Type(), Use: id.TypeFor(user)})
			}
		}
	}
	return matches, nil
}

// find reads a field of documents that have one of the ids in it.
func (x *Explorer) find(ctx context.Context, collection string, f bsonjson.Field, ids []bsonjson.UserID) ([][]byte, error) {
	filter, err := f.Filter(ids)
	if err != nil {
		return nil, err
	}
	projection, err := f.Projection()
	if err != nil {
		return nil, err
	}
	c, err := x.collection(ctx, collection)
	if err != nil {
		return nil, err
	}
	cursor, err := c.Find(ctx, filter, options.Find().SetLimit(maxMatches).SetProjection(projection))
	if err != nil {
		return nil, err
	}
	return readAll(ctx, cursor)
}

// Indexed reports whether an index of a collection can be used to search a field. Only ctx
// limits its time.
func (x *Explorer) Indexed(ctx context.Context, collection, field string) (bool, error) {
	f, err := bsonjson.NewField(field)
	if err != nil {
		return false, err
	}
	c, err := x.collection(ctx, collection)
	if err != nil {
		return false, wrapError(x.database, collection, err)
	}
	indexes, err := indexesOf(ctx, c)
	if err != nil {
		return false, wrapError(x.database, collection, err)
	}
	return slices.ContainsFunc(indexes, f.IsIndexedBy), nil
}

func (x *Explorer) collection(ctx context.Context, name string) (*mongo.Collection, error) {
	client, err := x.connection.client(ctx)
	if err != nil {
		return nil, err
	}
	return client.Database(x.database).Collection(name), nil
}

func (x *Explorer) databaseError(err error) error {
	return fmt.Errorf("MongoDB database %s: %w", x.database, withoutMessage(err))
}
