package cli

import (
	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/config"
)

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of the configuration file",
		Long:    "Schema prints the JSON Schema (draft 2020-12) of the configuration file. Editors use it to\ncomplete and explain settings if the file starts with\n\n  # yaml-language-server: $schema=schema.json",
		Example: "  tokengraft schema > schema.json",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := c.OutOrStdout().Write(config.Schema())
			return err
		},
	}
}
