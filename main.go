// Tokengraft is a reverse-proxy sidecar that adds users' documents to the tokens that
// an auth backend issues. README.md explains how to run it.
package main

import (
	"os"

	"github.com/tokengraft/tokengraft/internal/cli"
)

func main() {
	ctx := cli.UntilSignal()
	os.Exit(cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
