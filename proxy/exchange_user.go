package proxy

import (
	"errors"
	"net/http"
)

// addUser asks for the headers about the user of a request. rewrite sends them, so that no
// step between removes them. The error means that the request must not be forwarded.
func (x *exchange) addUser(r *http.Request) error {
	if x.snapshot.forwards.rules == nil {
		return nil // the usual case
	}
	found := x.snapshot.forwards.find(r)
	if found.misspelled != "" {
		x.warn("forward", "a request was refused: its path is another spelling of a path that is restricted", "match", found.misspelled)
		x.limitRest()
		return problemSpelling
	}
	for _, other := range found.also {
		if _, err := other.Headers(r); err != nil {
			return x.userProblem(err)
		}
	}
	if found.matched == nil {
		return nil
	}
	headers, err := found.matched.Headers(r)
	if err != nil {
		return x.userProblem(err)
	}
	x.user = headers
	return nil
}

// userProblem returns the problem of a request whose Headers returned an error.
func (x *exchange) userProblem(err error) problem {
	x.limitRest()
	if errors.Is(err, ErrForbidden) {
		return problemForbidden
	}
	x.w.Header().Set("Retry-After", "1")
	return problemNoKeys
}
