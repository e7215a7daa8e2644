package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func manCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages, one a command",
		Long:   "Man writes the manual pages of section 1, one a command, into a directory that exists:\nfor those who package tokengraft.",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			c.Root().DisableAutoGenTag = true // a date, and that a machine wrote them
			header := &doc.GenManHeader{Section: "1", Source: "tokengraft", Manual: "tokengraft"}
			return doc.GenManTree(c.Root(), header, args[0])
		},
	}
}
