package cli

import (
	"errors"
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
	c.AddCommand(importAppServicesCommand())
	return c
}

func importAppServicesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "app-services DIR",
		Short: "Convert an exported MongoDB Atlas App Services app",
		Long: `App-services reads an exported App Services app, in the layout of any year, and prints a
configuration file with comments. Save it under the name that --config has, because its paths are
relative to the directory of that file. The command itself neither reads nor writes it. Then fill
in what the export does not contain. Stderr and the comments list everything that does not have
an equivalent.`,
		Example: `  tokengraft import app-services ./export > tokengraft.yaml
  tokengraft import app-services ./export -c conf/tokengraft.yaml > conf/tokengraft.yaml`,
		Args: oneArgument("DIR"),
	}
	path := c.Flags().StringP("config", "c", defaultConfig, "the configuration `FILE` that you save the output as")
	c.RunE = func(c *cobra.Command, args []string) error { return importAppServices(c, args[0], *path) }
	return c
}

func importAppServices(c *cobra.Command, dir, path string) error {
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
	_, err = c.OutOrStdout().Write(app.Configuration(filepath.ToSlash(fromFile(dir, path))))
	return err
}

// fromFile returns a directory as the configuration file at path has to name it. An
// absolute path stays, and so does one that already is relative to the file's directory.
func fromFile(dir, path string) string {
	folder := filepath.Dir(path)
	if filepath.IsAbs(dir) || folder == "." {
		return dir
	}
	folder, errFolder := filepath.Abs(folder)
	whole, errDir := filepath.Abs(dir)
	if relative, err := filepath.Rel(folder, whole); errors.Join(errFolder, errDir, err) == nil {
		return relative
	}
	return dir
}
