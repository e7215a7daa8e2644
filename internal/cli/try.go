package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/pasted"
	"github.com/tokengraft/tokengraft/internal/sidecar"
	"github.com/tokengraft/tokengraft/internal/telemetry"
)

func tryCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "try [TOKEN]",
		Short: "Enrich a token or the response of a login, and show what happens",
		Long: `Try does with a token, or with a whole response of the backend, what serve does with it, with
the same code. The argument or standard input is one of these:

  - a token, also with a word such as Bearer before it,
  - the JSON body or the page that a login answers with, or the address that it redirects to,
  - one or more responses as curl -i prints them. Try takes the last one with a token.

Try shows where the tokens are, how each one is verified, which document is looked up and why
there may be none, the header and the claims before and after, the sizes with their bounds,
and the reason. It changes nothing, and runs no triggers.`,
		Example: `  curl -si http://127.0.0.1:9000/login -d 'username=anna&password=secret' | tokengraft try
  tokengraft try --rule 'POST /login' < login.json`,
		Args: cobra.MaximumNArgs(1),
	}
	exits(c, exitOK, "a token is enriched")
	exits(c, exitNo, "no token is enriched")
	path, o := configFlag(c), outputFlag(c)
	rule := c.Flags().String("rule", "", "the `PATTERN` of the rule that handles the response (default: the only one, or the first one whose locations fit)")
	c.RunE = func(c *cobra.Command, args []string) error {
		if *path == stdinConfig && len(args) == 0 {
			return &exitError{exitUsage, errors.New("-c - reads the configuration from standard input, so pass the token as the argument")}
		}
		in, err := openInput(c, args)
		if err != nil {
			return err
		}
		cfg, err := loadConfig(c, *path)
		if err != nil {
			return err
		}
		input, err := readInput(c.Context(), in, cfg)
		if err != nil {
			return err
		}
		trial, err := try(c, cfg, sidecar.TryInput{Input: input, Rule: *rule})
		if err != nil {
			return err
		}
		return printTrial(c, o, trial)
	}
	printErrors(c, o)
	return c
}

func try(c *cobra.Command, cfg *config.Config, input sidecar.TryInput) (*sidecar.Trial, error) {
	logger, _, err := telemetry.NewLogger(c.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	waiting := newProgress(c.ErrOrStderr())
	defer waiting.step("")
	waiting.step("fetching the backend's keys, and reading the documents")
	trial, err := sidecar.Try(c.Context(), cfg, sidecar.Options{Logger: logger, Functions: engine}, input)
	if _, ok := errors.AsType[*sidecar.RuleError](err); ok {
		return nil, &exitError{exitUsage, err}
	}
	return trial, err
}

// printTrial prints a trial, and returns the exit code as an error.
func printTrial(c *cobra.Command, o *output, trial *sidecar.Trial) error {
	if o.json() {
		if err := writeJSON(c.OutOrStdout(), trial); err != nil {
			return err
		}
	} else {
		trialPrinter{c.OutOrStdout()}.trial(trial)
	}
	if !trial.Enriched {
		return &exitError{code: exitNo}
	}
	return nil
}

// tokenInput returns the input of a token. A token that is too long to be one is cut, so
// that the reason says it.
func tokenInput(token string) pasted.Input {
	return pasted.Input{Token: token[:min(len(token), enrich.MaxToken+1)]}
}
