package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/internal/doctor"
)

func doctorCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Log in through a running sidecar, and check every promise",
		Long: `Doctor logs in through a running sidecar, as a client does. It looks at the tokens, sends them
back to the backend, refreshes and logs out, and prints a table of checks with hints.

Credentials are never on the command line. They are in environment variables or files:

  DOCTOR_USER, DOCTOR_PASSWORD             the user, for the default body of the login
  DOCTOR_CLIENT_ID, DOCTOR_CLIENT_SECRET   the client, for a token endpoint of OAuth 2.0
  --data FILE, --data-env NAME             the whole body of the login, as it is
  --json TEMPLATE, --form TEMPLATE         the body of the login, with variables

REQUEST is a method and a path such as 'POST /login', or @FILE. The first line of the file is
the method and the path, lines of the header follow, then a blank line and the body.

In templates and files, ${NAME} is an environment variable, ${token} the enriched token, and
a location such as ${json:refresh_token}, ${cookie:refresh} or ${header:X-Refresh} is that
value of the answer to the login. Values are escaped for JSON or a form.

A check that needs a request which neither a flag, the rules, the preset nor the discovery
document names is skipped. Without --write and --logout, doctor only opens and uses its own
session at the backend.`,
		Example: `  DOCTOR_USER=anna DOCTOR_PASSWORD=… tokengraft doctor --probe 'GET /me'
  tokengraft doctor --login 'POST /login' --data login.json --probe 'GET /me' -o json
  tokengraft doctor --login @login.http --refresh @refresh.http --logout 'POST /logout' --write`,
		Args: noArguments,
	}
	exits(c, exitOK, "no check failed; some may be skipped")
	exits(c, exitUsage, "the command line or the configuration is wrong, or there is no login")
	exits(c, exitNo, "some checks failed")
	f := newDoctorFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		options, err := f.options(c)
		if err != nil {
			return err
		}
		return f.run(c, options)
	}
	printErrors(c, f.output)
	return c
}

// run runs the checks, and prints each as soon as it has ended.
func (f *doctorFlags) run(c *cobra.Command, options doctor.Options) error {
	table := newDoctorTable(c.OutOrStdout(), f.output)
	waiting := newProgress(c.ErrOrStderr())
	defer waiting.step("")
	options.Progress = waiting.step
	options.Announce = func(text string) { fmt.Fprintln(c.ErrOrStderr(), "tokengraft: "+text) }
	err := doctor.Run(c.Context(), options, func(found doctor.Finding) {
		waiting.step("")
		table.add(found)
	})
	if err != nil {
		return doctorError(c.Context(), err)
	}
	if err := table.end(); err != nil {
		return err
	}
	if table.report.Failed > 0 {
		return &exitError{code: exitNo}
	}
	return nil
}

func doctorError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	if _, ok := errors.AsType[*doctor.UsageError](err); ok {
		return &exitError{exitUsage, err}
	}
	return err
}
