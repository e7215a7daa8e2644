package main

import (
	"fmt"
	"net/http"
	"strconv"
)

// control returns the handler for the measurement:
//
//	POST /rate/N   from now on N changes a second
//	GET /sent      how many changes all streams have sent
//	GET /reads     how many finds there were
func (s *server) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /rate/{rate}", func(w http.ResponseWriter, r *http.Request) {
		rate, err := strconv.ParseInt(r.PathValue("rate"), 10, 64)
		if err != nil || rate < 0 {
			http.Error(w, "the rate is not a number of changes a second", http.StatusBadRequest)
			return
		}
		s.changes.rate.Store(rate)
	})
	mux.HandleFunc("GET /sent", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, s.changes.sent.Load()) })
	mux.HandleFunc("GET /reads", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, s.reads.Load()) })
	return mux
}
