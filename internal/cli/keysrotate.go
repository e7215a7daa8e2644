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
	c := keysSubcommand("rotate", "Make a key that takes over when clients know it", f, openKeys, func(c *cobra.Command, dir *keydir.Dir) error {
		rotate, tell := dir.Rotate, tellRotation
		if *now {
			rotate, tell = dir.RotateNow, f.tellRotationNow
		}
		done, err := rotate(*algorithm, time.Now())
		for _, rotation := range done {
			tell(c.OutOrStdout(), rotation)
		}
		return err
	})
	c.Long = fmt.Sprintf(`Rotate makes a next key for every algorithm that the directory has keys for. Clients see
it in the JWKS at once; it signs after %v, when nobody has a JWKS without it in a
cache any more. Then the former key retires: nothing is to be done but "keys prune", some
day. While a next key waits, rotate refuses to make another.

--now is for a key that has leaked: the new key signs at once. For up to %v,
clients that cached the JWKS and do not fetch it again for an unknown kid refuse its
tokens. A next key that waits is deleted, since it may have leaked, too. The former key
still verifies and restores, whoever signed with it: end that with "keys prune --kid", at
the cost that its users log in again.`, keydir.Publication, keydir.MaxAge)
	algorithm = algorithmFlag(c, "", "only what signs this")
	now = c.Flags().Bool("now", false, "the new key signs at once: the old one has leaked")
	return c
}

func tellRotation(w io.Writer, r keydir.Rotation) {
	fmt.Fprintf(w, "%s %s is published, and signs from %s: %s\n", r.Key.Algorithm, r.Key.ID, instant(r.Key.Active, ""), r.Key.Path)
	fmt.Fprintf(w, "  %s signs until then\n", r.Former.ID)
}

func (f *keyFlags) tellRotationNow(w io.Writer, r keydir.Rotation) {
	fmt.Fprintf(w, "%s %s signs from now on: %s\n", r.Key.Algorithm, r.Key.ID, r.Key.Path)
	fmt.Fprintf(w, "  clients that have cached the JWKS may refuse its tokens for up to %v\n", keydir.MaxAge)
	for _, dropped := range r.Dropped {
		fmt.Fprintf(w, "  %s, which was to be next, is deleted: it may have leaked, too\n", dropped.ID)
	}
	fmt.Fprintf(w, "  %s still verifies and restores; if it has leaked: tokengraft keys prune %s --kid=%s\n", r.Former.ID, f.where(), r.Former.ID)
}

// where is the flag that names the same directory again.
func (f *keyFlags) where() string {
	if f.config != "" {
		return "-c " + f.config
	}
	return "--dir " + f.dir
}
