package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

func pruneKeysCommand(f *keyFlags) *cobra.Command {
	var p keydir.Pruning
	c := keysSubcommand("prune", "Delete keys that are no longer needed", f, openKeys, func(c *cobra.Command, dir *keydir.Dir) error {
		p.RetireAfter = f.retireAfter
		deleted, kept, err := dir.Prune(p, time.Now())
		verb := "deleted"
		if p.DryRun {
			verb = "would delete"
		}
		for _, info := range deleted {
			fmt.Fprintf(c.OutOrStdout(), "%s %s %s, retired since %s: %s\n", verb, info.Algorithm, info.ID, formatTime(info.SignsUntil, "an unknown time"), info.Path)
		}
		for _, info := range kept {
			fmt.Fprintf(c.OutOrStdout(), "kept %s %s, %s: %s\n", info.Algorithm, info.ID, f.whyKept(info, len(p.IDs) > 0), info.Path)
		}
		return err
	})
	c.Long = `Prune deletes keys that have been retired for longer than --retire-after. It prints what it
deleted, what it kept, and why. Take the time from the configuration (-c): it must be longer
than the life of any token. Active and next keys are never deleted.

When a key is deleted, its tokens can no longer be verified with the JWKS, and are no longer
restored. Tokens that live at most --retire-after have expired by then. But clients send an
id_token_hint to log out long after it has expired, and then the backend gets a token that it
does not know. If that matters, prune later: retired keys are not published after
--retire-after, only their files remain.

--kid deletes only the retired keys that it names, of any age. Use it for a key that has
leaked, after "keys rotate --now". Users who have tokens of that key must log in again.`
	c.Example = "  tokengraft keys prune --dry-run\n  tokengraft keys prune --kid KID"
	c.Flags().StringArrayVar(&p.IDs, "kid", nil, "delete only the retired key with this `KID`, of any age; can be repeated")
	c.Flags().BoolVar(&p.DryRun, "dry-run", false, "delete nothing; only print what would be deleted")
	return c
}

func (f *keyFlags) whyKept(info keydir.Info, named bool) string {
	if info.State != keydir.Retired {
		return string(info.State)
	}
	until := info.NeededUntil(f.retireAfter)
	switch {
	case until.IsZero():
		return "retired since an unknown time (use --kid to delete it)"
	case named:
		return "retired, but not named by --kid"
	}
	return fmt.Sprintf("retired since %s, but its tokens may be valid until %s", formatTime(info.SignsUntil, ""), formatTime(until, ""))
}
