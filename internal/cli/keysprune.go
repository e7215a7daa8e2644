package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

func pruneKeysCommand(f *keyFlags) *cobra.Command {
	var p keydir.Pruning
	c := keysSubcommand("prune", "Delete keys that nobody needs any more", f, openKeys, func(c *cobra.Command, dir *keydir.Dir) error {
		p.RetireAfter = f.retireAfter
		deleted, kept, err := dir.Prune(p, time.Now())
		verb := "deleted"
		if p.DryRun {
			verb = "would delete"
		}
		for _, info := range deleted {
			fmt.Fprintf(c.OutOrStdout(), "%s %s %s, retired since %s: %s\n", verb, info.Algorithm, info.ID, instant(info.SignsUntil, "nobody knows when"), info.Path)
		}
		for _, info := range kept {
			fmt.Fprintf(c.OutOrStdout(), "kept %s %s, %s: %s\n", info.Algorithm, info.ID, f.whyKept(info, len(p.IDs) > 0), info.Path)
		}
		return err
	})
	c.Long = `Prune deletes the keys that have been retired for longer than --retire-after, and says
what it kept, and why. Take that time from the configuration (-c): it has to be longer
than any token lives. Active and next keys are never deleted.

A token whose key is deleted is neither verified by the JWKS nor restored any more. What
lives no longer than --retire-after has expired by then; but an id_token_hint is sent to
log out long after it expired, and then reaches the backend as a token that it does not
know. If that matters, keep retired keys longer: only their files, they are not published.

--kid deletes the retired keys that it names, and no others, however young: for one that
has leaked, after "keys rotate --now". Users who have its tokens must log in again.`
	c.Flags().StringArrayVar(&p.IDs, "kid", nil, "delete just the retired key of this `KID`, of any age; may be repeated")
	c.Flags().BoolVar(&p.DryRun, "dry-run", false, "delete nothing, only say what would be")
	return c
}

func (f *keyFlags) whyKept(info keydir.Info, named bool) string {
	if info.State != keydir.Retired {
		return string(info.State)
	}
	until := info.NeededUntil(f.retireAfter)
	switch {
	case until.IsZero():
		return "retired, nobody knows since when (delete it with --kid)"
	case named:
		return "retired, and not named"
	}
	return fmt.Sprintf("retired since %s, but its tokens may live until %s", instant(info.SignsUntil, ""), instant(until, ""))
}
