// Ferretdb is a MongoDB wire protocol server for the tests: FerretDB over
// SQLite in a folder, on a loopback port. It prints its URI and serves until
// it is killed or interrupted. Then it is gone at once, as in an outage:
// FerretDB itself continues to answer on open connections when it is asked to stop.
//
//	ferretdb DIR [ADDR]
//
// A second start with the same DIR and ADDR brings the same database back.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	if len(os.Args) < 2 || len(os.Args) > 3 {
		fmt.Fprintln(os.Stderr, "usage: ferretdb DIR [ADDR]")
		os.Exit(2)
	}
	addr := "127.0.0.1:0"
	if len(os.Args) == 3 {
		addr = os.Args[2]
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	go func() {
		<-interrupted
		os.Exit(0)
	}()
	if err := run(os.Args[1], addr); err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
}

func run(dir, addr string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	db, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: addr},
		Handler:   "sqlite",
		SQLiteURL: "file:" + filepath.ToSlash(dir) + "/",
		Logger:    slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- db.Run(context.Background()) }()
	// MongoDBURI blocks until Run listens.
	fmt.Println(db.MongoDBURI())
	return <-done
}
