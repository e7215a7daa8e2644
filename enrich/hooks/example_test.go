package hooks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/hooks"
)

// A printer prints the documents that it should insert. A real program uses
// mongodoc.Source.
type printer struct{ hooks.Documents }

func (printer) Insert(ctx context.Context, u enrich.User, document json.RawMessage) error {
	fmt.Println(u.ID, string(document))
	return ctx.Err()
}

// nothingCached is the Invalidator of a program without a cache.
type nothingCached struct{}

func (nothingCached) Invalidate(...string) {}
func (nothingCached) InvalidateAll()       {}

func Example() {
	template, err := hooks.ParseTemplate([]byte(`{"email": "%%user.data.email", "since": "%%now", "plan": "free"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	h, err := hooks.New(hooks.Options{
		Creation:    hooks.Creation{Template: template},
		Documents:   printer{},
		Invalidator: nothingCached{},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// An enrich.Enricher does this at the login of a user without a document.
	err = h.Create(context.Background(), enrich.SignIn{
		User:   enrich.User{ID: "ada"},
		At:     time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC),
		Claims: []json.RawMessage{json.RawMessage(`{"sub":"ada","email":"ada@example.com"}`)},
	})
	fmt.Println(err)
	// Output:
	// ada {"email":"ada@example.com","plan":"free","since":{"$date":"2030-05-01T12:00:00Z"}}
	// <nil>
}
