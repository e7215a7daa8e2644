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
		Use:   "import",
		Short: "Make a configuration file of another system's",
	}
	onlyCommands(c)
	c.AddCommand(&cobra.Command{
		Use:   "app-services DIR",
		Short: "Make one of an exported MongoDB Atlas App Services app",
		Long: "App-services reads the exported configuration of an App Services app, in the layout of any year,\n" +
			"and prints a configuration file with comments: save it as tokengraft.yaml in the directory that the\n" +
			"command ran in, as its paths are relative to it, and fill in what the export cannot know. What has\n" +
			"no equivalent is told on stderr, and in the comments.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return importAppServices(c, args[0]) },
	})
	return c
}

func importAppServices(c *cobra.Command, dir string) error {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no directory", dir)
	}
	if err != nil {
		return &exitError{exitUsage, fmt.Errorf("%w\nName the directory that the export was unpacked to", err)}
	}
	app, err := export.Read(os.DirFS(dir))
	if err != nil {
		return fmt.Errorf("%s cannot be imported\n%w", dir, err)
	}
	for _, note := range app.Notes {
		fmt.Fprintln(c.ErrOrStderr(), "not carried over:", note)
	}
	_, err = c.OutOrStdout().Write(app.Configuration(filepath.ToSlash(dir)))
	return err
}
