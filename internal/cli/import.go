package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/internal/appservices/export"
)

func importCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "import",
		Short:   "Convert the configuration of another system",
		Example: "  tokengraft import app-services ./export > tokengraft.yaml",
	}
	requireSubcommand(c)
	c.AddCommand(&cobra.Command{
		Use:   "app-services DIR",
		Short: "Convert an exported MongoDB Atlas App Services app",
		Long: `App-services reads an exported App Services app, in the layout of any year, and prints a
configuration file with comments. Save it as tokengraft.yaml in the current directory, because
its paths are relative to that directory. Then fill in what the export does not contain. Stderr
and the comments list everything that does not have an equivalent.`,
		Example: "  tokengraft import app-services ./export > tokengraft.yaml",
		Args:    oneArgument("DIR"),
		RunE:    func(c *cobra.Command, args []string) error { return importAppServices(c, args[0]) },
	})
	return c
}

func importAppServices(c *cobra.Command, dir string) error {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a directory", dir)
	}
	if err != nil {
		return &exitError{exitUsage, fmt.Errorf("%w\nName the directory to which the export was unpacked", err)}
	}
	app, err := export.Read(os.DirFS(dir))
	if err != nil {
		return fmt.Errorf("%s cannot be imported\n%w", dir, err)
	}
	for _, note := range app.Notes {
		fmt.Fprintln(c.ErrOrStderr(), "not imported:", note)
	}
	_, err = c.OutOrStdout().Write(app.Configuration(filepath.ToSlash(dir)))
	return err
}
