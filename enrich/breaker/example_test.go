package breaker_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/breaker"
)

// A deadSource is a database that does not answer.
type deadSource struct{ lookups int }

func (s *deadSource) Lookup(context.Context, enrich.Query) (enrich.Document, error) {
	s.lookups++
	return enrich.Document{}, errors.New("connection refused")
}

func (s *deadSource) Check(context.Context) error { return errors.New("connection refused") }

func Example() {
	source := &deadSource{}
	b, err := breaker.New(breaker.Options{Source: source})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 5 {
		_, err = b.Lookup(context.Background(), enrich.Query{User: enrich.User{ID: "ada"}})
	}
	fmt.Println(source.lookups, "lookups reached the source")
	fmt.Println(errors.Is(err, breaker.ErrOpen))
	// Output:
	// 3 lookups reached the source
	// true
}
