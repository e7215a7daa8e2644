// Package muxpattern checks patterns of [http.ServeMux], which reports a bad
// pattern only by a panic.
package muxpattern

import (
	"fmt"
	"net/http"
)

// Check returns an error if a pattern is invalid, or if two patterns conflict: a
// request can match both, and neither is more specific. The text is ServeMux's and
// names the patterns.
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
