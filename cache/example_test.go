package cache_test

import (
	"context"
	"fmt"
	"time"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
)

// A database answers every query with its text.
type database string

func (text database) Lookup(_ context.Context, q enrich.Query) (enrich.Document, error) {
	fmt.Println("reading the document of", q.User.ID)
	return enrich.Document{JSON: []byte(text), ReadAt: time.Now()}, nil
}

// Two logins share one read. A refresh reads again.
func Example() {
	c, err := cache.New(cache.Options{MissingFor: 5 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	users := c.Source(database(`{"lang":"en"}`), "users, plain")

	const life = 30 * time.Minute // of a token
	for _, maxAge := range []time.Duration{life, life, 0} {
		now := time.Now()
		document, err := users.Lookup(context.Background(), enrich.Query{
			User:      enrich.User{ID: "anna"},
			NotBefore: now.Add(-maxAge),
			KeepUntil: now.Add(life),
		})
		fmt.Println(string(document.JSON), err)
	}
	// Output:
	// reading the document of anna
	// {"lang":"en"} <nil>
	// {"lang":"en"} <nil>
	// reading the document of anna
	// {"lang":"en"} <nil>
}
