package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

const (
	defaultConfig = "tokengraft.yaml"
	stdinConfig   = "-" // names standard input
)

// configFlag adds -c to a command.
func configFlag(c *cobra.Command) *string {
	return c.Flags().StringP("config", "c", defaultConfig, "the configuration `FILE`; - is standard input")
}

// maxConfig bounds a configuration on standard input.
const maxConfig = 16 << 20

// readConfig reads the configuration in a file, or on the standard input of a command.
func readConfig(c *cobra.Command, path string) (*config.Config, error) {
	if path != stdinConfig {
		return config.Load(path, os.LookupEnv)
	}
	text, err := io.ReadAll(io.LimitReader(c.InOrStdin(), maxConfig+1))
	if err == nil && len(text) > maxConfig {
		err = fmt.Errorf("is larger than %s", config.Size(maxConfig))
	}
	if err != nil {
		return nil, fmt.Errorf("the configuration on standard input: %w", err)
	}
	return config.Parse(text, os.LookupEnv)
}

// loadConfig reads the configuration of a command. A wrong or missing configuration is
// exit code 2. If the configuration names a file that cannot be read, that is exit code 1.
func loadConfig(c *cobra.Command, path string) (*config.Config, error) {
	cfg, err := readConfig(c, path)
	if path == stdinConfig {
		path = config.Stdin
	}
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

// parseDraft is [loadConfig] for a text that is not in the file yet.
func parseDraft(path string, text []byte) (*config.Config, error) {
	cfg, err := config.ParseAs(path, text, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	return cfg, checkURI(cfg)
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
