package cli

import (
	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/config"
)

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration file",
		Long:  "Schema prints the JSON Schema (draft 2020-12) of the configuration file. Editors complete and\nexplain settings with it once the file begins with\n\n  # yaml-language-server: $schema=schema.json",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := c.OutOrStdout().Write(config.Schema())
			return err
		},
	}
}
