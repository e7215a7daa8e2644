// Ferretdb is a server with MongoDB's wire protocol for the tests: FerretDB with SQLite
// files in a directory, on a loopback port. It prints its URI and serves until it is
// killed or interrupted. Then it exits at once, as in an outage. A FerretDB that is
// asked to stop would continue to answer on open connections.
//
//	ferretdb DIR [ADDR]
//
// When it starts again with the same DIR and ADDR, it serves the same database.
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
