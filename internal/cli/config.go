package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

func configCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "Show and change the configuration of a running sidecar",
		Long: `Config asks a running sidecar for its configuration file, says what a draft would change, and
deploys it: the sidecar checks the draft, replaces the file and reloads. It keeps the last ten
versions. The commands only talk to the admin listener. They find it with the admin address and
the admin token in the configuration file, or with --admin.

Changes need the admin token, also on the machine of the sidecar.`,
		Example: "  tokengraft config get > draft.yaml\n  tokengraft config diff draft.yaml\n  tokengraft config deploy --set claim.max_size=8KiB",
	}
	requireSubcommand(c)
	f := new(adminFlags)
	flags := c.PersistentFlags()
	flags.StringVarP(&f.config, "config", "c", defaultConfig, "the configuration `FILE` with the address and the token; - is standard input")
	flags.StringVar(&f.admin, "admin", "", "the `URL` of the admin listener, such as http://127.0.0.1:9901; the configuration file is then not read")
	flags.StringVar(&f.tokenFile, "token-file", "", "the `FILE` with the admin token (default: the environment variable "+tokenVariable+" with --admin, else the configuration)")
	c.AddCommand(getConfigCommand(f), diffConfigCommand(f), deployConfigCommand(f), rollbackConfigCommand(f))
	return c
}

// adminExits documents the exit codes that all commands of config have.
func adminExits(c *cobra.Command) {
	exits(c, exitFault, "the sidecar cannot be asked, or refuses; the error says what to do")
	exits(c, exitUsage, "the command line, or the file with the address of the sidecar, is wrong")
}

func getConfigCommand(f *adminFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "get",
		Short: "Print the configuration file, with [redacted] instead of secrets",
		Long: `Get prints the configuration file of the sidecar, with [redacted] instead of secrets. Edit the
text and deploy it: each [redacted] keeps its secret. Standard error has the revision of the
file, for --base of deploy, and says if the file is not the running configuration.`,
		Example: "  tokengraft config get > draft.yaml\n  tokengraft config get --versions --admin http://127.0.0.1:9901",
		Args:    noArguments,
	}
	adminExits(c)
	versions, o := c.Flags().Bool("versions", false, "print the kept versions of the file, the newest first"), outputFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		s, err := f.open(c, o)
		if err != nil {
			return err
		}
		found, err := ask(s, "reading the configuration", s.client.Config)
		switch {
		case err != nil:
			return s.failed(err)
		case o.json():
			return writeJSON(c.OutOrStdout(), found)
		case *versions:
			return printVersions(c.OutOrStdout(), found.Versions)
		}
		return printConfig(c, found)
	}
	return c
}

func diffConfigCommand(f *adminFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "diff [FILE]",
		Short: "Say what a draft would change, and what its faults are",
		Long: `Diff sends a draft to the sidecar, which checks it as check does, and changes nothing. It prints
the difference of the file, the settings that change, those that only a restart applies, faults
and warnings that the running configuration does not have, and what the draft would have made of
the last logins. A whole file needs the admin token.

` + draftText,
		Example: "  tokengraft config diff draft.yaml\n  tokengraft config diff --set 'claim.include=[lang, roles]' --unset claim.max_size",
		Args:    atMostOneFile,
	}
	adminExits(c)
	exits(c, exitOK, "the draft has no faults; there may be warnings")
	exits(c, exitNo, "the draft has faults, so deploy would refuse it")
	d, o := draftFlags(c), outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		draft, err := d.draft(c, f, args)
		if err != nil {
			return err
		}
		s, err := f.open(c, o)
		if err != nil {
			return err
		}
		review, err := ask(s, "reviewing the draft", func(ctx context.Context) (adminapi.Review, error) { return s.client.Review(ctx, draft) })
		if err != nil {
			return s.failed(err)
		}
		if o.json() {
			err = writeJSON(c.OutOrStdout(), review)
		} else {
			err = printReview(c.OutOrStdout(), review)
		}
		if len(review.Faults) > 0 {
			err = errors.Join(err, &exitError{exitNo, errors.New("the draft has " + counted(len(review.Faults), "fault"))})
		}
		return err
	}
	return c
}

func deployConfigCommand(f *adminFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "deploy [FILE]",
		Short: "Make a draft the configuration",
		Long: `Deploy sends a draft to the sidecar. The sidecar checks it, replaces its file and reloads. If
anything is wrong, the file and the running configuration stay as they are. See diff first.

` + draftText + `

Name the revision that a file was made from with --base: get prints it. The sidecar refuses the
draft if someone has changed the file since then. Without --base, the draft replaces the file as
it is now.`,
		Example: "  tokengraft config deploy --base 5f0c2a9b1d3e4f67 draft.yaml\n  TOKENGRAFT_ADMIN_TOKEN=… tokengraft config deploy --admin http://127.0.0.1:9901 --set shadow=false",
		Args:    atMostOneFile,
	}
	adminExits(c)
	exits(c, exitOK, "the draft is the running configuration; nothing is done if it was before")
	exits(c, exitNo, "the draft has faults, so the sidecar refuses it; nothing has changed")
	base := c.Flags().String("base", "", "the `REVISION` of the file that the draft was made from (default: the current)")
	d, o := draftFlags(c), outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		draft, err := d.draft(c, f, args)
		if err != nil {
			return err
		}
		s, err := f.open(c, o)
		if err != nil {
			return err
		}
		deployed, err := ask(s, "deploying the draft", func(ctx context.Context) (adminapi.Deployment, error) {
			return deploy(ctx, s.client, draft, *base)
		})
		return s.deployed(deployed, err)
	}
	return c
}

// deploy deploys a draft. Without a base it is that of the file now.
func deploy(ctx context.Context, client *adminapi.Client, draft adminapi.Draft, base string) (adminapi.Deployment, error) {
	if draft.Base = base; base == "" {
		now, err := client.Config(ctx)
		switch {
		case err != nil:
			return adminapi.Deployment{}, err
		case now.Revision == "":
			return adminapi.Deployment{}, errors.New(now.ReadOnly)
		}
		draft.Base = now.Revision
	}
	return client.Deploy(ctx, draft)
}

func rollbackConfigCommand(f *adminFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "rollback",
		Short: "Make an earlier version the configuration",
		Long: `Rollback makes the sidecar deploy a version of its file that it has kept, by default the one
before the current. That becomes the newest version, so a rollback can be rolled back.`,
		Example: "  tokengraft config rollback\n  tokengraft config rollback --to 20260102T030405.000000000Z-k3m5q7xa",
		Args:    noArguments,
	}
	adminExits(c)
	exits(c, exitOK, "the version is the running configuration")
	exits(c, exitNo, "the version has faults now, so the sidecar refuses it; nothing has changed")
	to, o := c.Flags().String("to", "", "the id of the `VERSION`, from get --versions (default: the one before the current)"), outputFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		s, err := f.open(c, o)
		if err != nil {
			return err
		}
		deployed, err := ask(s, "rolling back", func(ctx context.Context) (adminapi.Deployment, error) {
			return s.client.RollBack(ctx, adminapi.Rollback{To: *to})
		})
		return s.deployed(deployed, err)
	}
	return c
}
