// Seed inserts sample documents into a collection and creates a unique index on their
// user-id field. It works with any MongoDB-compatible server, and may run again:
// existing documents stay.
//
//	MONGODB_URI=mongodb://… go run ./examples/seed DATABASE COLLECTION FILE
//
// FILE is a JSON array of documents, each with user_account_id. It may be Extended
// JSON. With REPLICA_SET=HOST:PORT, the address at which others reach the server,
// seed first makes the server the only member of the replica set rs0, because change
// streams need a replica set. It waits up to a minute for a server that is starting.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const userIDField = "user_account_id"

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: seed DATABASE COLLECTION FILE")
		os.Exit(2)
	}
	if err := run(os.Getenv("MONGODB_URI"), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "seed:", err)
		os.Exit(1)
	}
}

func run(uri, database, collection, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var documents []bson.D
	if err := bson.UnmarshalExtJSON(text, false, &documents); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		return errors.New("MONGODB_URI is not a valid connection string; set it to mongodb://HOST:PORT/")
	}
	defer client.Disconnect(ctx)
	if member := os.Getenv("REPLICA_SET"); member != "" {
		if err := initiate(ctx, client, member); err != nil {
			return err
		}
	}
	users := client.Database(database).Collection(collection)
	if _, err := users.Indexes().CreateOne(ctx, mongo.IndexModel{
		Keys:    bson.D{{Key: userIDField, Value: 1}},
		Options: options.Index().SetUnique(true),
	}); err != nil {
		return err
	}
	for _, document := range documents {
		_, err := users.InsertOne(ctx, document)
		if err != nil && !mongo.IsDuplicateKeyError(err) {
			return err
		}
	}
	return nil
}

// initiate makes the server a replica set of one member, and waits until it accepts
// writes. A server without replica sets works for the examples too.
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
