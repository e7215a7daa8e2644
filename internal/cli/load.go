package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

// configFlag adds -c to a command.
func configFlag(c *cobra.Command) *string {
	return c.Flags().StringP("config", "c", "tokengraft.yaml", "the configuration `FILE`")
}

// loadConfig reads the configuration. A wrong or missing configuration is exit code
// 2. If the configuration names a file that cannot be read, that is exit code 1.
func loadConfig(path string) (*config.Config, error) {
	cfg, err := config.Load(path, os.LookupEnv)
	if err == nil {
		if err := checkURI(cfg); err != nil {
			return nil, &exitError{exitUsage, fmt.Errorf("%s is not valid\n%w", path, err)}
		}
		return cfg, nil
	}
	faults, ok := errors.AsType[config.Faults](err)
	switch {
	case ok && faults.OnlyFiles():
		return nil, &exitError{exitFault, err}
	case ok:
		return nil, &exitError{exitUsage, fmt.Errorf("%s is not valid\n%w", path, err)}
	case errors.Is(err, fs.ErrNotExist):
		return nil, &exitError{exitUsage, fmt.Errorf("%w\nName the configuration file with -c FILE. `tokengraft demo` runs without a file, and shows an example", err)}
	}
	return nil, &exitError{exitUsage, err}
}

// checkURI reports faults of the URI that only the driver can find.
func checkURI(cfg *config.Config) error {
	if cfg.Documents.File != "" {
		return nil
	}
	if err := mongodoc.CheckURI(cfg.Documents.MongoDB.URI.Reveal()); err != nil {
		return cfg.Fault("documents.mongodb.uri", err)
	}
	return nil
}
