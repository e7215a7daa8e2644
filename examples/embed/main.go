// Embed is tokengraft inside a Go program: behind the program's own listener,
// beside its other handlers. It reads the configuration file that the command
// `tokengraft serve` would read.
//
//	go run ./examples/embed tokengraft.yaml 127.0.0.1:8080
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/proxy/sidecar"
)

func main() {
	handler, stop, err := newHandler(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer stop()
	http.Handle("/hello", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello\n")) }))
	http.Handle("/", handler)
	log.Fatal(http.ListenAndServe(os.Args[2], nil))
}

// newHandler makes the handler and starts its background work. Stop ends both.
func newHandler(file string) (handler http.Handler, stop func(), err error) {
	cfg, err := config.Load(file, os.LookupEnv)
	if err != nil {
		return nil, nil, err
	}
	s, err := sidecar.New(cfg, sidecar.Options{})
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	return s, func() { cancel(); <-done; s.Close() }, nil
}
