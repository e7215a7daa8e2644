package cli

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/config"
)

// defaultKeys is the directory of keys where no configuration names one.
const defaultKeys = "keys"

// keyFlags are the directory of keys, and how long its retired keys are needed.
type keyFlags struct {
	dir, config string
	retireAfter time.Duration
}

// resolve reads the values of the other flags from the configuration file: the one that
// --config names, or else tokengraft.yaml, if it is there and a flag is missing.
func (f *keyFlags) resolve(c *cobra.Command) error {
	dir, retireAfter := c.Flags().Changed("dir"), c.Flags().Changed("retire-after")
	switch {
	case f.config != "" && (dir || retireAfter):
		return &exitError{exitUsage, errors.New("--config cannot be combined with --dir or --retire-after, because the file contains both")}
	case retireAfter && f.retireAfter <= 0:
		return &exitError{exitUsage, errors.New("--retire-after must be greater than zero; set it to the longest life of a token")}
	case f.config == "" && (dir || !isFile(defaultConfig)):
		return nil
	}
	sign, err := f.sign(c)
	if err != nil {
		return err
	}
	f.dir = string(sign.Keys)
	if !retireAfter {
		f.retireAfter = sign.RetireAfter
	}
	return nil
}

// sign returns the section sign of the configuration. Without --config the other sections
// may have faults: often only the environment of the sidecar has their variables.
func (f *keyFlags) sign(c *cobra.Command) (sign config.Sign, err error) {
	path := f.config
	if path == "" {
		path = defaultConfig
		if sign, err = config.SignSettings(path, os.LookupEnv); err != nil {
			return sign, &exitError{exitUsage, fmt.Errorf("%s is not valid\n%w\nCorrect it, or name the directory of the keys with --dir", path, err)}
		}
	} else {
		cfg, err := loadConfig(c, path)
		if err != nil {
			return sign, err
		}
		path, sign = cfg.File(), cfg.Sign
	}
	if sign.Keys == "" {
		return sign, fmt.Errorf("%s does not set sign.keys, so there is no directory of keys\nSet it, or name the directory with --dir", path)
	}
	return sign, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
