package cli

import (
	"cmp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages, one for each command",
		Long: `Man writes the manual pages of section 1, one for each command, to an existing directory. It is
meant for packagers of tokengraft.`,
		Example: "  mkdir man1 && tokengraft man man1",
		Args:    oneArgument("DIR"),
		RunE: func(c *cobra.Command, args []string) error {
			c.Root().DisableAutoGenTag = true // it contains the date, so that builds would differ
			describeExitCodes(c.Root())
			header := &doc.GenManHeader{Section: "1", Source: "tokengraft", Manual: "tokengraft"}
			return doc.GenManTree(c.Root(), header, args[0])
		},
	}
}

// describeExitCodes adds the exit codes to the descriptions of a command and those below
// it, because manual pages do not have the text that ends their help.
func describeExitCodes(c *cobra.Command) {
	codes := strings.ReplaceAll(exitCodes(c), "\n  ", "\n    ") // code in Markdown, whose lines stay
	c.Long = cmp.Or(c.Long, c.Short) + "\n\n" + strings.Replace(codes, ":\n", ":\n\n", 1)
	for _, below := range c.Commands() {
		describeExitCodes(below)
	}
}
