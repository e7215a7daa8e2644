// Embed runs tokengraft inside a Go program, on the program's own listener and next
// to its other handlers. It reads the same configuration file as the command
// `tokengraft serve`.
//
//	go run ./examples/embed tokengraft.yaml 127.0.0.1:8080
package main

import (
	"context"
	"log"
	"log/slog"
	"net/http"
	"os"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/proxy/sidecar"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: embed CONFIGURATION ADDRESS")
	}
	s, err := newSidecar(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/", s)
	http.HandleFunc("/hello", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello\n")) })
	log.Fatal(http.ListenAndServe(os.Args[2], nil))
}

// newSidecar returns the handler and starts its background work.
func newSidecar(file string) (*sidecar.Sidecar, error) {
	cfg, err := config.Load(file, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	s, err := sidecar.New(cfg, sidecar.Options{Logger: slog.Default()})
	if err != nil {
		return nil, err
	}
	go s.Run(context.Background())
	return s, nil
}
