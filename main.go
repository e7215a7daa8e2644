// Tokengraft is a reverse-proxy sidecar that puts users' documents into the
// tokens that an auth backend issues. The README says how to run it.
package main

import "github.com/tokengraft/tokengraft/internal/cli"

func main() { cli.Main() }
