// Seed puts documents from a file into a collection of any MongoDB-compatible
// server, with a unique index on the field that identifies the user.
//
//	MONGODB_URI=mongodb://… go run ./examples/seed [--field NAME] [--replace] DATABASE COLLECTION FILE
//
// FILE is a JSON array of documents of any shape, or one document per line, and
// may contain Extended JSON. Each document has the field, user_account_id by
// default. A user's document that is already there stays, or is replaced with
// --replace. With REPLICA_SET=HOST:PORT, the address that others use for the
// server, it first makes the server the only member of the replica set rs0,
// because change streams require one. It waits up to a minute for a server that is
// just starting.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/tokengraft/tokengraft/internal/demo/seed"
)

func main() {
	target := seed.Target{URI: os.Getenv("MONGODB_URI"), ReplicaSet: os.Getenv("REPLICA_SET")}
	flag.StringVar(&target.Field, "field", "user_account_id", "the field that identifies the user")
	flag.BoolVar(&target.Replace, "replace", false, "replace documents of the same user")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: seed [--field NAME] [--replace] DATABASE COLLECTION FILE")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 3 {
		flag.Usage()
		os.Exit(2)
	}
	target.Database, target.Collection = flag.Arg(0), flag.Arg(1)
	if err := run(target, flag.Arg(2)); err != nil {
		fmt.Fprintln(os.Stderr, "seed:", err)
		os.Exit(1)
	}
}

func run(target seed.Target, file string) error {
	documents, err := seed.Documents(file)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return target.Put(ctx, documents)
}
