// Mongodb runs a MongoDB-compatible server for tests, without Docker, and
// puts documents of any shape into it:
//
//	go run ./examples/mongodb [--field NAME] FILE
//
// FILE is a JSON array of documents, or one document per line, and may contain
// Extended JSON. Documents of the same user are replaced, so after a change to the
// file run it again. It prints the lines of the configuration, and serves until it
// is interrupted.
//
// Run it in a checkout of the repository. The server is FerretDB over SQLite, built
// from examples/testbed. It does not have change streams, Decimal128 or
// transactions, and is slow with more than some hundred documents.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/tokengraft/tokengraft/internal/demo/seed"
)

func main() {
	address := flag.String("address", cmp.Or(os.Getenv("MONGODB_ADDRESS"), "127.0.0.1:27017"), "where it listens; the default is $MONGODB_ADDRESS if that is set")
	dir := flag.String("dir", "mongodb-data", "the directory of its data")
	target := seed.Target{Replace: true}
	flag.StringVar(&target.Field, "field", "user_account_id", "the field that identifies the user")
	flag.StringVar(&target.Database, "database", "app", "the database")
	flag.StringVar(&target.Collection, "collection", "users", "the collection")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: mongodb [flags] FILE")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	target.URI = "mongodb://" + *address + "/"
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *address, *dir, target, flag.Arg(0), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mongodb:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, address, dir string, target seed.Target, file string, out io.Writer) error {
	documents, err := seed.Documents(file)
	if err == nil {
		err = target.Check(documents)
	}
	if err != nil {
		return err
	}
	server, err := start(ctx, address, dir)
	if err != nil {
		return err
	}
	defer server.Wait()
	defer server.Cancel()
	if err := target.Put(ctx, documents); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	fmt.Fprintf(out, `%s in the collection %s of the database %s.
In tokengraft.yaml write:

documents:
  mongodb:
    uri: %s
    database: %s
    collection: %s
  user_id_field: %s

This is FerretDB. Use it for tests only: it does not have change streams.
The data is in %s. Ctrl+C stops the server.
`, found(len(documents), file), target.Collection, target.Database, target.URI, target.Database, target.Collection, target.Field, dir)
	<-ctx.Done()
	return nil
}

// found says how many documents a file has.
func found(n int, file string) string {
	if n == 1 {
		return "1 document of " + file + " is"
	}
	return fmt.Sprintf("%d documents of %s are", n, file)
}

// start builds and starts the server, and waits until it accepts connections.
func start(ctx context.Context, address, dir string) (*exec.Cmd, error) {
	if conn, err := net.DialTimeout("tcp", address, time.Second); err == nil {
		conn.Close()
		return nil, fmt.Errorf("another program listens on %s. Stop it, or choose another address with --address", address)
	}
	program, err := build(ctx)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	server := exec.CommandContext(ctx, program, dir, address)
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		return nil, err
	}
	for range 200 {
		var conn net.Conn
		if conn, err = net.DialTimeout("tcp", address, time.Second); err == nil {
			return server, conn.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	server.Cancel()
	return nil, fmt.Errorf("the server does not start: %w", err)
}

// build builds the server, which takes a minute or two the first time.
func build(ctx context.Context) (program string, err error) {
	if _, err := os.Stat("examples/testbed/go.mod"); err != nil {
		return "", fmt.Errorf("run this in a checkout of the repository: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	program = filepath.Join(cache, "tokengraft-mongodb", "ferretdb")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	if _, err := os.Stat(program); err != nil {
		fmt.Fprintln(os.Stderr, "Building FerretDB, which takes a minute or two the first time …")
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-C", "examples/testbed", "-o", program, "./ferretdb")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("building FerretDB: %w", err)
	}
	return program, nil
}
