package mongodoc_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// A cache in front of the source. It evicts a document as soon as it changes.
func Example() {
	source, err := mongodoc.Open(mongodoc.Options{
		URI:        "mongodb://127.0.0.1:27017/?replicaSet=rs0",
		Database:   "app",
		Collection: "users",
		Field:      "user_id",
		Projection: bsonjson.Projection{Exclude: []string{"password"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer source.Close(context.Background())

	documents, err := cache.New(cache.Options{MaxBytes: 64 << 20})
	if err != nil {
		log.Fatal(err)
	}
	defer documents.Close()

	ctx, stop := context.WithCancel(context.Background())
	watching := make(chan error)
	go func() { watching <- source.Watch(ctx, documents) }()
	defer func() { stop(); <-watching }()

	now := time.Now()
	doc, err := documents.Source(source, "users").Lookup(ctx, enrich.Query{
		User:      enrich.User{ID: "anna"},
		NotBefore: now.Add(-time.Minute), // how old a cached document may be
		KeepUntil: now.Add(time.Hour),    // how long the cache may keep it
	})
	if err != nil {
		log.Print(err)
		return
	}
	fmt.Println(string(doc.JSON))
}
