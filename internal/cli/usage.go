package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitOK    = 0
	exitFault = 1
	exitUsage = 2 // also a wrong configuration
	exitNo    = 3 // the command did its work, and the answer is no
)

// An exitError is an error with its own exit code. err is nil if everything has
// been printed.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return fmt.Sprint(e.err) }
func (e *exitError) Unwrap() error { return e.err }

// noArguments is for commands without arguments. An argument is probably meant as a
// file or a directory, which have flags.
func noArguments(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case c.Flags().Lookup("dir") != nil:
		return fmt.Errorf("%s does not take an argument; use --dir %s for a directory of keys", commandName(c), args[0])
	case c.Flags().Lookup("config") != nil:
		return fmt.Errorf("%s does not take an argument; use -c %s for a configuration file", commandName(c), args[0])
	}
	return fmt.Errorf("%s does not take an argument, but got %q", commandName(c), args[0])
}

// oneArgument is for commands with one argument, of this name.
func oneArgument(name string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("%s needs exactly one argument, %s, but got %d", commandName(c), name, len(args))
		}
		return nil
	}
}

// requireSubcommand is for commands that only have other commands.
func requireSubcommand(c *cobra.Command) {
	c.Args = cobra.NoArgs // cobra reports an argument as an unknown command
	c.RunE = func(c *cobra.Command, _ []string) error {
		return &exitError{exitUsage, fmt.Errorf("%s needs one of its commands\n%s", commandName(c), c.UsageString())}
	}
}

// oneCommand is for help, whose arguments are the name of a command.
func oneCommand(c *cobra.Command, args []string) error {
	found, rest, err := c.Root().Find(args)
	if err == nil && len(rest) > 0 {
		err = cobra.NoArgs(found, rest)
	}
	return err
}

// commandName returns the name of a command without tokengraft.
func commandName(c *cobra.Command) string {
	return strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")
}
