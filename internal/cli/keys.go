package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

func keysCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "keys",
		Short: "Manage the signing keys",
		Long: `Keys manages the directory of private keys that sign enriched tokens (sign.keys). All
replicas share it, and notice changes within seconds.

A key has one of three states:

  next     it is published, so that clients can fetch it, but does not sign yet
  active   it signs
  retired  it is published while its tokens may be valid, and restores tokens as long as
           its file exists`,
		Example: "  tokengraft keys list\n  tokengraft keys rotate -c /etc/tokengraft/tokengraft.yaml",
	}
	requireSubcommand(c)
	f := new(keyFlags)
	flags := c.PersistentFlags()
	flags.StringVar(&f.dir, "dir", defaultKeys, "the `DIR`ectory of the keys (default: sign.keys of the configuration, or keys without one)")
	flags.DurationVar(&f.retireAfter, "retire-after", keydir.DefaultRetireAfter, "how long retired keys are published (default: sign.retire_after, or 24h)")
	flags.StringVarP(&f.config, "config", "c", "", "the configuration `FILE`; - is standard input (default: tokengraft.yaml, if it is there)")
	flags.Lookup("dir").DefValue, flags.Lookup("retire-after").DefValue = "", "0s" // the texts say it
	jwks := keysSubcommand("jwks", "Print the public keys as a JWK Set", f, openKeys, f.printJWKS)
	jwks.Example = "  tokengraft keys jwks > jwks.json"
	c.AddCommand(
		listKeysCommand(f),
		newKeyCommand(f),
		rotateKeysCommand(f),
		pruneKeysCommand(f),
		jwks,
	)
	return c
}

func keysSubcommand(name, short string, f *keyFlags, openDir func(string) (*keydir.Dir, error), do func(*cobra.Command, *keydir.Dir) error) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := f.resolve(c); err != nil {
				return err
			}
			dir, err := openDir(f.dir)
			if err != nil {
				return err
			}
			return usageError(do(c, dir))
		},
	}
}

func openKeys(path string) (*keydir.Dir, error) {
	dir, err := keydir.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w\nName the directory with --dir DIR, or the configuration file with -c FILE. `tokengraft keys new` makes a directory with a key", err)
	}
	return dir, err
}

// usageError makes an unknown algorithm an error of usage.
func usageError(err error) error {
	if errors.Is(err, keydir.ErrAlgorithm) {
		return &exitError{exitUsage, err}
	}
	return err
}

// algorithmFlag adds --algorithm to a command.
func algorithmFlag(c *cobra.Command, standard, text string) *string {
	return c.Flags().String("algorithm", standard, text+": RS256 … PS512, ES256, ES384, ES512, EdDSA (also named Ed25519), or RSA for all of the first six")
}

// formatTime formats a time. The zero time is printed as none.
func formatTime(t time.Time, none string) string {
	if t.IsZero() {
		return none
	}
	return t.UTC().Format(time.RFC3339)
}

func newKeyCommand(f *keyFlags) *cobra.Command {
	var algorithm *string
	c := keysSubcommand("new", "Make a key", f, keydir.Create, func(c *cobra.Command, dir *keydir.Dir) error {
		info, err := dir.New(*algorithm, time.Now())
		if err != nil {
			return err
		}
		fmt.Fprintf(c.OutOrStdout(), "%s %s, signs from %s: %s\n", info.Algorithm, info.ID, formatTime(info.Active, ""), info.Path)
		return nil
	})
	c.Long = "New makes a key. The first key of an algorithm signs at once. A further key is published first,\nand replaces the active key when all clients know it."
	c.Example = "  tokengraft keys new --algorithm ES256"
	algorithm = algorithmFlag(c, "RS256", "the algorithm of the key")
	return c
}

func (f *keyFlags) printJWKS(c *cobra.Command, dir *keydir.Dir) error {
	set, err := dir.JWKS(time.Now(), f.retireAfter)
	if err == nil {
		fmt.Fprintf(c.OutOrStdout(), "%s\n", set)
	}
	return err
}
