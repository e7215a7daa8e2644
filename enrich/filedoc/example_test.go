package filedoc_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/filedoc"
)

// A file with two users, one document per line.
func Example() {
	dir, err := os.MkdirTemp("", "filedoc")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "users.ndjson")
	users := `{"user_id":"anna","lang":"de","since":{"$date":"2024-03-01T00:00:00Z"},"password":"hidden"}
{"user_id":"bert","lang":"en"}
`
	if err := os.WriteFile(path, []byte(users), 0o600); err != nil {
		log.Fatal(err)
	}

	source, err := filedoc.Open(filedoc.Options{
		Path:       path,
		Field:      "user_id",
		Projection: bsonjson.Projection{Exclude: []string{"password"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, id := range []string{"anna", "carl"} {
		doc, err := source.Lookup(context.Background(), enrich.Query{User: enrich.User{ID: id}})
		switch {
		case errors.Is(err, enrich.ErrNoDocument):
			fmt.Println(id, "has no document")
		case err != nil:
			log.Fatal(err)
		default:
			fmt.Println(id, string(doc.JSON))
		}
	}

	// Output:
	// anna {"user_id":"anna","lang":"de","since":"2024-03-01T00:00:00.000Z"}
	// carl has no document
}
