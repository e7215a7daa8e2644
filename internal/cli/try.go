package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/hooks/javascript"
	"github.com/tokengraft/tokengraft/internal/sidecar"
	"github.com/tokengraft/tokengraft/internal/telemetry"
)

func tryCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "try [TOKEN]",
		Short: "Enrich one token and show what becomes of it",
		Long:  "Try enriches one token of the backend, the argument or the first line of standard input,\nwith the very code that serves. It prints header and claims before and after, what each\nclaim costs, and the reason. It exits 0 if the token was enriched and 3 if not.",
		Args:  cobra.MaximumNArgs(1),
	}
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		token, err := readToken(c.Context(), c.InOrStdin(), args)
		if err != nil {
			return err
		}
		cfg, err := loadConfig(*path)
		if err != nil {
			return err
		}
		logger, _, err := telemetry.NewLogger(c.ErrOrStderr())
		if err != nil {
			return err
		}
		outcome, err := sidecar.Try(c.Context(), cfg, sidecar.Options{Logger: logger, Functions: javascript.Engine}, token)
		if err != nil {
			return err
		}
		printOutcome(c.OutOrStdout(), token, outcome)
		if outcome.Reason != enrich.OK && outcome.Reason != enrich.Stale {
			return &exitError{code: exitNotEnriched}
		}
		return nil
	}
	return c
}

// readToken is tokenOf until ctx ends: nobody may be typing.
func readToken(ctx context.Context, stdin io.Reader, args []string) (string, error) {
	var token string
	var err error
	read := make(chan struct{})
	go func() {
		defer close(read)
		token, err = tokenOf(stdin, args)
	}()
	select {
	case <-read:
		return token, err
	case <-ctx.Done():
		return "", errors.New("interrupted")
	}
}

// tokenOf is the token of the argument, or else of the first line of standard
// input that is not blank.
func tokenOf(stdin io.Reader, args []string) (string, error) {
	text := strings.TrimSpace(strings.Join(args, ""))
	lines := bufio.NewReader(io.LimitReader(stdin, enrich.MaxToken+1))
	for text == "" {
		line, err := lines.ReadString('\n')
		text = strings.TrimSpace(line)
		if err == io.EOF && text == "" {
			return "", &exitError{exitUsage, errors.New("no token: give it as the argument or on standard input")}
		} else if err != nil && err != io.EOF {
			return "", err
		}
	}
	if scheme, token, ok := strings.Cut(text, " "); ok && strings.EqualFold(scheme, "Bearer") {
		text = strings.TrimSpace(token)
	}
	return text, nil
}

// printOutcome prints a token before and after, and why.
func printOutcome(w io.Writer, token string, outcome enrich.Outcome) {
	describe(w, "before", token)
	if outcome.Raw != token {
		describe(w, "after", outcome.Raw)
		fmt.Fprintf(w, "\n%s\n", outcome.Raw)
	}
	fmt.Fprintf(w, "\nreason: %s\n", outcome.Reason)
	if outcome.Err != nil {
		fmt.Fprintf(w, "cause:  %v\n", outcome.Err)
	}
}

// describe prints the parts of a token and what each claim takes of it.
func describe(w io.Writer, when, raw string) {
	fmt.Fprintf(w, "\n%s: %d bytes\n", when, len(raw))
	token, err := enrich.ParseToken(raw)
	if err != nil {
		fmt.Fprintf(w, "  %v\n", err)
		return
	}
	fmt.Fprintf(w, "  header  %s\n  claims\n", token.Header())
	for name, value := range token.Claims() {
		// Name, quotes, colon and comma; base64 writes 4 bytes for 3.
		cost := (len(name) + len(value) + len(`"":,`)) * 4 / 3
		fmt.Fprintf(w, "  %6d B  %s: %s\n", cost, name, value)
	}
}
