package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitOK          = 0
	exitFault       = 1
	exitUsage       = 2 // also a wrong configuration
	exitNotEnriched = 3
)

// An exitError is an error with an exit code of its own; err may be nil where
// everything has been said.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return fmt.Sprint(e.err) }
func (e *exitError) Unwrap() error { return e.err }

// noArguments is for commands that take none. Who gives one mostly means a file
// or a directory, which have flags.
func noArguments(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case c.Flags().Lookup("dir") != nil:
		return fmt.Errorf("%s takes no argument, want --dir %s for a directory of keys", commandName(c), args[0])
	case c.Flags().Lookup("config") != nil:
		return fmt.Errorf("%s takes no argument, want -c %s for a configuration file", commandName(c), args[0])
	}
	return fmt.Errorf("%s takes no argument, and %q is one", commandName(c), args[0])
}

// onlyCommands is for commands that do nothing but have others.
func onlyCommands(c *cobra.Command) {
	c.Args = cobra.NoArgs // what is none of them is no command
	c.RunE = func(c *cobra.Command, _ []string) error {
		return &exitError{exitUsage, fmt.Errorf("%s wants one of its commands\n%s", commandName(c), c.UsageString())}
	}
}

// someCommand is for help, which takes a command's name.
func someCommand(c *cobra.Command, args []string) error {
	found, rest, err := c.Root().Find(args)
	if err == nil && len(rest) > 0 {
		err = cobra.NoArgs(found, rest)
	}
	return err
}

// commandName is a command as it stands behind tokengraft.
func commandName(c *cobra.Command) string {
	return strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")
}
