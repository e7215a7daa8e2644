// Package seed puts documents from a file into a collection, for examples and for
// trying out.
package seed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// A Target says where documents go.
type Target struct {
	URI                  string
	Database, Collection string
	Field                string // that identifies the user; dots reach into objects
	Replace              bool   // a document of the same user, instead of keeping it
	ReplicaSet           string // HOST:PORT of the server in the replica set rs0 to initiate, or empty
}

// Check returns an error if a document does not say whose it is.
func (t Target) Check(documents []bson.D) error {
	for i, document := range documents {
		if _, found := valueAt(document, t.Field); !found {
			return fmt.Errorf("document %d does not have the field %s. Name the field that identifies the user with --field", i+1, t.Field)
		}
	}
	return nil
}

// Put makes a unique index on the field, and puts the documents into the
// collection. It waits for a server that is just starting.
func (t Target) Put(ctx context.Context, documents []bson.D) error {
	if err := t.Check(documents); err != nil {
		return err
	}
	client, err := mongo.Connect(options.Client().ApplyURI(t.URI))
	if err != nil {
		return errors.New("the URI of MongoDB is not a connection string such as mongodb://127.0.0.1:27017/")
	}
	defer client.Disconnect(context.WithoutCancel(ctx))
	if t.ReplicaSet != "" {
		if err := initiate(ctx, client, t.ReplicaSet); err != nil {
			return err
		}
	}
	users := client.Database(t.Database).Collection(t.Collection)
	if err := t.index(ctx, users); err != nil {
		return err
	}
	for i, document := range documents {
		if err := t.put(ctx, users, document); err != nil {
			return fmt.Errorf("document %d: %w", i+1, err)
		}
	}
	return nil
}

// index makes a unique index on the field. MongoDB has one on _id itself, and refuses
// another.
func (t Target) index(ctx context.Context, users *mongo.Collection) error {
	if t.Field == "_id" {
		return nil
	}
	_, err := users.Indexes().CreateOne(ctx, mongo.IndexModel{
		Keys:    bson.D{{Key: t.Field, Value: 1}},
		Options: options.Index().SetUnique(true),
	})
	return err
}

func (t Target) put(ctx context.Context, users *mongo.Collection, document bson.D) error {
	if !t.Replace {
		_, err := users.InsertOne(ctx, document)
		if mongo.IsDuplicateKeyError(err) {
			return nil
		}
		return err
	}
	id, _ := valueAt(document, t.Field)
	_, err := users.ReplaceOne(ctx, bson.D{{Key: t.Field, Value: id}}, document, options.Replace().SetUpsert(true))
	return err
}

// initiate makes the server a replica set of one, and waits until it accepts
// writes. A server without replica sets is good enough for the examples.
func initiate(ctx context.Context, client *mongo.Client, member string) error {
	admin := client.Database("admin")
	err := admin.RunCommand(ctx, bson.D{{Key: "replSetInitiate", Value: bson.D{
		{Key: "_id", Value: "rs0"},
		{Key: "members", Value: bson.A{bson.D{{Key: "_id", Value: 0}, {Key: "host", Value: member}}}},
	}}}).Err()
	const alreadyInitialized, commandNotFound = 23, 59
	if refused, ok := errors.AsType[mongo.CommandError](err); ok && (refused.Code == alreadyInitialized || refused.Code == commandNotFound) {
		err = nil
	}
	for err == nil {
		var hello struct {
			Writable bool `bson:"isWritablePrimary"`
		}
		err = admin.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello)
		if hello.Writable {
			return nil
		}
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	return fmt.Errorf("replica set: %w", err)
}
