// Package cli is the command line of tokengraft: one file for each command, with
// its flags, its words and its exit codes.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/internal/telemetry"
)

// Run runs one command line and returns the exit code.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	addCobrasCommands(root)

	started := false
	root.PersistentPreRun = func(*cobra.Command, []string) { started = true }
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	code, err := exitCode(err, started)
	if err != nil {
		fmt.Fprintln(stderr, "tokengraft:", err)
	}
	return code
}

// exitCode returns the exit code of an error, and the error that is still to be
// printed, if any. An error before the command has started is wrong usage.
func exitCode(err error, started bool) (int, error) {
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code, e.err
	}
	if _, ok := errors.AsType[*telemetry.VariableError](err); ok {
		return exitUsage, err
	}
	if !started {
		return exitUsage, fmt.Errorf("%w\nTry 'tokengraft --help'", err)
	}
	return exitFault, err
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "tokengraft",
		Short:         "Every JWT of your auth backend carries the user's document",
		Long:          "tokengraft is a reverse proxy in front of an auth backend. Every JWT that the backend\nissues then carries the user's document from MongoDB, and nothing in the backend or\nits clients changes.",
		Version:       describeBuild(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("tokengraft {{.Version}}\n")
	root.AddCommand(serveCommand(), checkCommand(), tryCommand(), demoCommand(), keysCommand(), healthCommand(), importCommand(), schemaCommand(), manCommand(), versionCommand())
	return root
}

// addCobrasCommands adds help and completion, and makes them report wrong usage like
// the other commands. Root must have its output set.
func addCobrasCommands(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Args = someCommand
		case "completion":
			onlyCommands(c)
		}
	}
}
