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
	"github.com/tokengraft/tokengraft/internal/sidecar"
)

func demoCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "demo",
		Short: "Run a demonstration with a sample backend",
		Long: `Demo runs a sample legacy backend and the sidecar in one process, on loopback ports, with a
file of documents. It logs in and shows the token before and after. Then it prints the address
of the console and commands to try, and keeps running with a login now and then, unless --once
is given.`,
		Example: "  tokengraft demo\n  tokengraft demo --once",
		Args:    noArguments,
	}
	once := c.Flags().Bool("once", false, "exit after the token has been shown")
	c.RunE = func(c *cobra.Command, _ []string) error {
		d, err := demo.Start(c.Context(), thisBuild())
		if err != nil {
			return err
		}
		refresh, err := showDemo(c.Context(), c.OutOrStdout(), d)
		if err == nil && !*once {
			suggestCommands(c.OutOrStdout(), d, refresh)
			d.Trickle(c.Context())
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
	fmt.Fprintf(w, "Anna logs in at the legacy backend (%s):\n", d.Backend)
	trialPrinter{w}.text("before", sidecar.TextOf(before.Access))
	fmt.Fprintf(w, "\nAnna logs in again, through tokengraft (%s):\n", d.Public)
	trialPrinter{w}.text("after", sidecar.TextOf(after.Access))
	if token, err := enrich.ParseToken(after.Access); err != nil || token.Claim("custom_data") == nil {
		return "", fmt.Errorf("the token from tokengraft does not contain custom_data; the log of the sidecar says why:\n%s", d.Log())
	}
	status, body, err := d.Me(ctx, after.Access)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(w, "\nThe backend accepts only tokens that it issued. tokengraft replaces this one with the original:\n\n  GET /me  %s  %s\n", status, bytes.TrimSpace(body))
	return after.Refresh, nil
}

// suggestCommands prints what to try while the demonstration runs.
func suggestCommands(w io.Writer, d *demo.Demo, refresh string) {
	const claims = `    | sed 's/.*"access_token":"[^.]*\.\([^.]*\).*/\1/' | tr '_-' '/+' | base64 -d 2>/dev/null; echo`
	fmt.Fprintf(w, `
The demo keeps running, and users log in now and then. Press Ctrl-C to stop it.

  The console  %[3]s/
  admin token  %[6]s   (sign in with it to change something there)

Try these commands:

  # log in as ben, and show the claims
  curl -s %[1]s/login -H 'Content-Type: application/json' -d '{"username":"ben","password":"secret"}' \
%[5]s

  # change anna's document, and refresh her token: the new token has the change
  sed -i.bak 's/Wien/Graz/' %[2]s/users.json
  curl -s %[1]s/oauth/token -d grant_type=refresh_token -d refresh_token=%[4]s \
%[5]s

  # one JWKS verifies the backend's tokens and the enriched tokens
  curl -s %[1]s/.well-known/jwks.json

  # metrics: enriched tokens, their sizes, the age of documents
  curl -s %[3]s/metrics | grep tokengraft

  # show the configuration of this sidecar
  cat %[2]s/tokengraft.yaml
`, d.Public, d.Dir, d.Admin, refresh, claims, d.Token)
}
