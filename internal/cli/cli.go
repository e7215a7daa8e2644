// Package cli is the command line of tokengraft. Each command has a file with its
// flags, texts and exit codes.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/internal/telemetry"
)

// Run runs one command line and returns the exit code.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// net/http logs unsolicited responses of a backend there, with their content.
	log.SetOutput(io.Discard)
	root := rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	addBuiltinCommands(root)
	// cobra would need a template for this text, and with text/template in the program
	// the linker keeps all methods of all types, which is four megabytes.
	if len(args) == 1 && (args[0] == "--version" || args[0] == "-v") {
		fmt.Fprintln(stdout, "tokengraft", root.Version)
		return exitOK
	}

	started := false
	root.PersistentPreRun = func(*cobra.Command, []string) { started = true }
	c, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	code, err := exitCode(err, started, c.CommandPath())
	if err != nil {
		fmt.Fprintln(stderr, "tokengraft:", printableLines(err.Error()))
	}
	return code
}

// exitCode returns the exit code of an error of a command, and the error to print;
// nil if it has been printed. An error before the command has started is wrong usage.
func exitCode(err error, started bool, command string) (int, error) {
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code, e.err
	}
	if _, ok := errors.AsType[*telemetry.VariableError](err); ok {
		return exitUsage, err
	}
	if !started {
		return exitUsage, fmt.Errorf("%w\nRun '%s --help' for usage", err, command)
	}
	return exitFault, err
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "tokengraft",
		Short:         "Add users' documents to the JWTs of your auth backend",
		Long:          "tokengraft is a reverse proxy in front of an auth backend. Every JWT that the backend\nissues then carries the user's document from MongoDB. Nothing changes in the backend or\nits clients.",
		Version:       describeBuild(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.Example = "  tokengraft demo\n  tokengraft check -c tokengraft.yaml"
	showExitCodes(root)
	root.AddCommand(serveCommand(), checkCommand(), tryCommand(), explainCommand(), doctorCommand(), demoCommand(), discoverCommand(), keysCommand(), configCommand(), healthCommand(), importCommand(), schemaCommand(), manCommand(), versionCommand())
	return root
}

// addBuiltinCommands adds help and completion, and makes them report wrong usage like
// the other commands. The output of root must be set before.
func addBuiltinCommands(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Args = oneCommand
			c.Long = "Help prints the help of a command."
			c.Example = "  tokengraft help keys rotate"
		case "completion":
			c.Example = "  tokengraft completion bash > /etc/bash_completion.d/tokengraft"
			requireSubcommand(c)
		}
	}
}
