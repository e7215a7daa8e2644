package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/enrich/keys/keydir"
)

func rotateKeysCommand(f *keyFlags) *cobra.Command {
	var algorithm *string
	var now *bool
	c := keysSubcommand("rotate", "Make a key that replaces the active one when clients know it", f, openKeys, func(c *cobra.Command, dir *keydir.Dir) error {
		rotate, print := dir.Rotate, printRotation
		if *now {
			rotate, print = dir.RotateNow, f.printRotationNow
		}
		done, err := rotate(*algorithm, time.Now())
		for _, rotation := range done {
			print(c.OutOrStdout(), rotation)
		}
		return err
	})
	c.Long = fmt.Sprintf(`Rotate makes a next key for each algorithm in the directory. Clients see it in the JWKS at
once. It signs after %v, when no client has an older JWKS in its cache. Then the
former key is retired. You do not have to do anything else; run "keys prune" some time later.
While a next key waits, rotate refuses to make another.

Use --now if a key has leaked: the new key signs at once. For up to %v, clients that
cached the JWKS, and do not fetch it again for an unknown kid, refuse the new tokens. A
waiting next key is deleted, because it may have leaked too. Tokens of the former key are
still verified and restored, even those that a thief signed. To end that, run
"keys prune --kid"; users who have tokens of that key must then log in again.`, keydir.Publication, keydir.MaxAge)
	c.Example = "  tokengraft keys rotate\n  tokengraft keys rotate --algorithm RS256 --now"
	algorithm = algorithmFlag(c, "", "rotate only keys of this algorithm")
	now = c.Flags().Bool("now", false, "the new key signs at once, because the old one has leaked")
	return c
}

func printRotation(w io.Writer, r keydir.Rotation) {
	fmt.Fprintf(w, "%s %s is published, and signs from %s: %s\n", r.Key.Algorithm, r.Key.ID, formatTime(r.Key.Active, ""), r.Key.Path)
	fmt.Fprintf(w, "  %s signs until then\n", r.Former.ID)
}

func (f *keyFlags) printRotationNow(w io.Writer, r keydir.Rotation) {
	fmt.Fprintf(w, "%s %s signs from now on: %s\n", r.Key.Algorithm, r.Key.ID, r.Key.Path)
	fmt.Fprintf(w, "  clients that have cached the JWKS may refuse its tokens for up to %v\n", keydir.MaxAge)
	for _, dropped := range r.Dropped {
		fmt.Fprintf(w, "  the next key %s is deleted, because it may have leaked too\n", dropped.ID)
	}
	fmt.Fprintf(w, "  tokens of %s are still verified and restored; if it has leaked, run: tokengraft keys prune %s --kid=%s\n", r.Former.ID, f.dirFlag(), r.Former.ID)
}

// dirFlag returns the flag that names the same directory.
func (f *keyFlags) dirFlag() string {
	if f.config != "" {
		return "-c " + f.config
	}
	return "--dir " + f.dir
}
