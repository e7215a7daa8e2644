package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages, one for each command",
		Long: `Man writes the manual pages of section 1, one for each command, to an existing directory. It is
meant for packagers of tokengraft.`,
		Hidden: true,
		Args:   oneArgument("DIR"),
		RunE: func(c *cobra.Command, args []string) error {
			c.Root().DisableAutoGenTag = true // it contains the date, so that builds would differ
			header := &doc.GenManHeader{Section: "1", Source: "tokengraft", Manual: "tokengraft"}
			return doc.GenManTree(c.Root(), header, args[0])
		},
	}
}
