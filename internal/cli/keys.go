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
		Short: "Look after the signing keys",
		Long: `Keys looks after the directory of private keys that enriched tokens are signed with
(sign.keys). All replicas share it, and see within seconds what changes there.

A key is next (published, so that clients get to know it), then active (it signs), then
retired: published for as long as its tokens may live, and able to restore them for as
long as its file exists.`,
	}
	onlyCommands(c)
	f := new(keyFlags)
	flags := c.PersistentFlags()
	flags.StringVar(&f.dir, "dir", "keys", "the `DIR`ectory of the keys")
	flags.DurationVar(&f.retireAfter, "retire-after", keydir.DefaultRetireAfter, "for how long retired keys are published: what sign.retire_after is")
	flags.StringVarP(&f.config, "config", "c", "", "the configuration `FILE` to take both from")
	c.AddCommand(
		keysSubcommand("list", "List the keys with their states", f, openKeys, f.list),
		newKeyCommand(f),
		rotateKeysCommand(f),
		pruneKeysCommand(f),
		keysSubcommand("jwks", "Print the public halves as a JWK Set", f, openKeys, f.printJWKS),
	)
	return c
}

// keyFlags is which directory is meant, and how long its retired keys are
// needed.
type keyFlags struct {
	dir, config string
	retireAfter time.Duration
}

// resolve takes from the configuration file, if one is named, what flags would
// say.
func (f *keyFlags) resolve(c *cobra.Command) error {
	switch {
	case f.config == "" && f.retireAfter <= 0:
		return &exitError{exitUsage, errors.New("--retire-after is not above zero, want how long tokens live at the most")}
	case f.config == "":
		return nil
	case c.Flags().Changed("dir") || c.Flags().Changed("retire-after"):
		return &exitError{exitUsage, errors.New("--config stands beside --dir or --retire-after, which it says, want one or the other")}
	}
	cfg, err := loadConfig(f.config)
	if err != nil {
		return err
	}
	if cfg.Sign.Keys == "" {
		return fmt.Errorf("%s has no sign.keys: no keys of our own sign there", f.config)
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
			return usageOfAlgorithm(do(c, dir))
		},
	}
}

func openKeys(path string) (*keydir.Dir, error) {
	dir, err := keydir.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w\nName the directory with --dir DIR, or a configuration with -c FILE; keys new makes one", err)
	}
	return dir, err
}

// usageOfAlgorithm makes an algorithm that there is not wrong usage.
func usageOfAlgorithm(err error) error {
	if errors.Is(err, keydir.ErrAlgorithm) {
		return &exitError{exitUsage, err}
	}
	return err
}

// algorithmFlag adds --algorithm to a command.
func algorithmFlag(c *cobra.Command, standard, text string) *string {
	return c.Flags().String("algorithm", standard, text+": RS256 … PS512, ES256, ES384, ES512, EdDSA, or RSA for all of the first six")
}

func (f *keyFlags) list(c *cobra.Command, dir *keydir.Dir) error {
	infos, err := dir.List(time.Now())
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ALGORITHM\tSTATE\tSIGNS FROM\tSIGNS UNTIL\tNEEDED UNTIL\tKID\tFILE")
	for _, info := range infos {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", info.Algorithm, info.State, instant(info.Active, "ever"),
			instant(info.SignsUntil, "-"), instant(info.NeededUntil(f.retireAfter), "-"), info.ID, info.Path)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, info := range infos {
		if info.WorldReadable {
			fmt.Fprintf(c.ErrOrStderr(), "warning: %s can be read by every user of the machine: chmod 600 it\n", info.Path)
		}
	}
	return nil
}

// instant is a time as commands print it, and another word for none.
func instant(t time.Time, none string) string {
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
		fmt.Fprintf(c.OutOrStdout(), "%s %s, signs from %s: %s\n", info.Algorithm, info.ID, instant(info.Active, ""), info.Path)
		return nil
	})
	c.Long = "New makes a key. The first of its algorithm signs at once; a further one is published\nfirst, and takes over when every client has had the time to fetch it."
	algorithm = algorithmFlag(c, "RS256", "what it signs")
	return c
}

func (f *keyFlags) printJWKS(c *cobra.Command, dir *keydir.Dir) error {
	set, err := dir.JWKS(time.Now(), f.retireAfter)
	if err == nil {
		fmt.Fprintf(c.OutOrStdout(), "%s\n", set)
	}
	return err
}
