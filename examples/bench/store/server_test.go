package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/tokengraft/tokengraft/examples/bench/internal/fixture"
)

// MongoDB's own driver finds the documents, and learns that there are no others.
func TestServer_TheDriverFindsDocuments(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	s := &server{users: 10, delay: time.Millisecond}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	client, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + listener.Addr().String() + "/"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	defer client.Disconnect(ctx)
	users := client.Database("app").Collection("users")
	for _, user := range []int{0, 9} {
		var found bson.M
		began := time.Now()
		if err := users.FindOne(ctx, bson.D{{Key: "user_id", Value: fixture.UserID(user)}}).Decode(&found); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < s.delay {
			t.Errorf("a find took %v, want at least %v", took, s.delay)
		}
		var want bson.M
		if err := bson.UnmarshalExtJSON(fixture.Document(user, 0), false, &want); err != nil {
			t.Fatal(err)
		}
		delete(found, "_id")
		if got, want := must(json.Marshal(found)), must(json.Marshal(want)); string(got) != string(want) {
			t.Errorf("user %d: %s, want %s", user, got, want)
		}
	}
	if err := users.FindOne(ctx, bson.D{{Key: "user_id", Value: "u10"}}).Err(); !errors.Is(err, mongo.ErrNoDocuments) {
		t.Errorf("a user that does not exist: error %v, want %v", err, mongo.ErrNoDocuments)
	}
	if _, err := users.InsertOne(ctx, bson.D{}); err == nil {
		t.Error("a document can be inserted")
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
