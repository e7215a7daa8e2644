package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/demo"
)

func demoCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "demo",
		Short: "See it work, with nothing installed",
		Long:  "Demo runs a sample legacy backend, a file of documents and the sidecar in this process, on\nloopback ports. It logs in, shows the token before and after, and keeps running with\ncommands to try, unless --once is given.",
		Args:  noArguments,
	}
	once := c.Flags().Bool("once", false, "exit when the token has been shown")
	c.RunE = func(c *cobra.Command, _ []string) error {
		version, _ := build()
		d, err := demo.Start(c.Context(), version)
		if err != nil {
			return err
		}
		refresh, err := showDemo(c.Context(), c.OutOrStdout(), d)
		if err == nil && !*once {
			inviteToDemo(c.OutOrStdout(), d, refresh)
			<-c.Context().Done()
		}
		return errors.Join(err, d.Stop())
	}
	return c
}

// showDemo logs in at the backend and through the sidecar, and shows both tokens.
// It returns a refresh token.
func showDemo(ctx context.Context, w io.Writer, d *demo.Demo) (refresh string, err error) {
	before, err := demo.LogIn(ctx, d.Backend)
	if err != nil {
		return "", err
	}
	after, err := demo.LogIn(ctx, d.Public)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(w, "A legacy backend at %s issues anna a token:\n", d.Backend)
	describe(w, "before", before.Access)
	fmt.Fprintf(w, "\nAnna logs in again, through tokengraft at %s:\n", d.Public)
	describe(w, "after", after.Access)
	if token, err := enrich.ParseToken(after.Access); err != nil || token.Claim("custom_data") == nil {
		return "", errors.New("the token does not carry the document")
	}
	status, body, err := d.Me(ctx, after.Access)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(w, "\nThe backend knows only its own tokens, and takes this one through tokengraft:\n\n  GET /me  %s  %s\n", status, bytes.TrimSpace(body))
	return after.Refresh, nil
}

// inviteToDemo prints what to try while the demonstration runs.
func inviteToDemo(w io.Writer, d *demo.Demo, refresh string) {
	const claims = `    | sed 's/.*"access_token":"[^.]*\.\([^.]*\).*/\1/' | tr '_-' '/+' | base64 -d 2>/dev/null; echo`
	fmt.Fprintf(w, `
It keeps running; Ctrl-C ends it. Try:

  # log ben in, and look at the claims
  curl -s %[1]s/login -H 'Content-Type: application/json' -d '{"username":"ben","password":"secret"}' \
%[5]s

  # change anna's document, and refresh her token: it follows
  sed -i.bak 's/Wien/Graz/' %[2]s/users.json
  curl -s %[1]s/oauth/token -d grant_type=refresh_token -d refresh_token=%[4]s \
%[5]s

  # one JWKS verifies the backend's tokens and ours
  curl -s %[1]s/.well-known/jwks.json

  # what was enriched, how big tokens are, how old documents
  curl -s %[3]s/metrics | grep tokengraft

  # the configuration of this sidecar
  cat %[2]s/tokengraft.yaml
`, d.Public, d.Dir, d.Admin, refresh, claims)
}
