package cli_test

import (
	"context"
	"os"
	"os/signal"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tokengraft/tokengraft/internal/cli"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// TestMain lets scripts run the test binary as tokengraft.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tokengraft": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		os.Exit(cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}})
}

// TestScript runs the walkthroughs in testdata/script. $ADMIN is a free address.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("ADMIN", string(e2e.FreeAddress(t)))
			return nil
		},
	})
}
