package cache_test

import (
	"context"
	"fmt"
	"time"

	"github.com/tokengraft/tokengraft/cache"
	"github.com/tokengraft/tokengraft/enrich"
)

// Two logins make one read, a refresh makes its own.
func Example() {
	c, err := cache.New(cache.Options{MaxBytes: 64 << 20, MissingFor: 5 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	users := shelve(`{"primaryLanguage":"en"}`)
	src := c.Source(users, "users, plain")

	const life = 30 * time.Minute
	for _, oldest := range []time.Duration{life, life, 0} {
		now := time.Now()
		doc, err := src.Lookup(context.Background(), enrich.Query{
			User:      enrich.User{ID: "anna"},
			NotBefore: now.Add(-oldest),
			KeepUntil: now.Add(life),
		})
		fmt.Println(string(doc.JSON), err, users.read())
	}
	// Output:
	// {"primaryLanguage":"en"} <nil> 1
	// {"primaryLanguage":"en"} <nil> 1
	// {"primaryLanguage":"en"} <nil> 2
}
