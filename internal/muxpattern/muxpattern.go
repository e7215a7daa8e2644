// Package muxpattern checks patterns of [http.ServeMux], which says only by a
// panic that it cannot take one.
package muxpattern

import (
	"fmt"
	"net/http"
)

// Check reports what is wrong with a pattern, or that a request could match
// several of them and none is more specific.
func Check(patterns ...string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	mux := http.NewServeMux()
	for _, pattern := range patterns {
		mux.Handle(pattern, http.NotFoundHandler())
	}
	return nil
}
