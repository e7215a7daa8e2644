package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"text/tabwriter"
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
	}
	requireSubcommand(c)
	f := new(keyFlags)
	flags := c.PersistentFlags()
	flags.StringVar(&f.dir, "dir", "keys", "the `DIR`ectory of the keys")
	flags.DurationVar(&f.retireAfter, "retire-after", keydir.DefaultRetireAfter, "how long retired keys are published, as in sign.retire_after")
	flags.StringVarP(&f.config, "config", "c", "", "read --dir and --retire-after from this configuration `FILE`")
	c.AddCommand(
		keysSubcommand("list", "List the keys and their states", f, openKeys, f.list),
		newKeyCommand(f),
		rotateKeysCommand(f),
		pruneKeysCommand(f),
		keysSubcommand("jwks", "Print the public keys as a JWK Set", f, openKeys, f.printJWKS),
	)
	return c
}

// keyFlags are the directory of keys, and how long its retired keys are needed.
type keyFlags struct {
	dir, config string
	retireAfter time.Duration
}

// resolve reads the values of the other flags from the configuration file, if there
// is one.
func (f *keyFlags) resolve(c *cobra.Command) error {
	switch {
	case f.config == "" && f.retireAfter <= 0:
		return &exitError{exitUsage, errors.New("--retire-after must be greater than zero; set it to the longest life of a token")}
	case f.config == "":
		return nil
	case c.Flags().Changed("dir") || c.Flags().Changed("retire-after"):
		return &exitError{exitUsage, errors.New("--config cannot be combined with --dir or --retire-after, because the file contains both")}
	}
	cfg, err := loadConfig(c, f.config)
	if err != nil {
		return err
	}
	if cfg.Sign.Keys == "" {
		return fmt.Errorf("%s does not set sign.keys, so there is no directory of keys", f.config)
	}
	f.dir, f.retireAfter = string(cfg.Sign.Keys), cfg.Sign.RetireAfter
	return nil
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

func (f *keyFlags) list(c *cobra.Command, dir *keydir.Dir) error {
	infos, err := dir.List(time.Now())
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ALGORITHM\tSTATE\tSIGNS FROM\tSIGNS UNTIL\tNEEDED UNTIL\tKID\tFILE")
	for _, info := range infos {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", info.Algorithm, info.State, formatTime(info.Active, "always"),
			formatTime(info.SignsUntil, "-"), formatTime(info.NeededUntil(f.retireAfter), "-"), info.ID, info.Path)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, info := range infos {
		if info.WorldReadable {
			fmt.Fprintf(c.ErrOrStderr(), "warning: every user of this machine can read %[1]s; run: chmod 600 %[1]s\n", info.Path)
		}
	}
	return nil
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
