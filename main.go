// Tokengraft is a reverse-proxy sidecar that puts users' documents into the
// tokens that an auth backend issues. The README says how to run it.
package main

import (
	"os"

	"github.com/tokengraft/tokengraft/internal/cli"
)

func main() {
	ctx := cli.UntilSignal()
	os.Exit(cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
