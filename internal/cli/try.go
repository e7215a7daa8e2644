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
		Short: "Enrich one token and show the result",
		Long:  "Try enriches one token of the backend with the same code as serve. The token is the argument or\nthe first line of standard input. Try prints header and claims before and after, the size of each\nclaim, and the reason. It exits 0 if the token was enriched, and 3 if not.",
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

// readToken is tokenOf, but stops waiting for input when ctx ends.
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

// tokenOf returns the token in the argument or, without one, on the first line of
// standard input that is not blank.
func tokenOf(stdin io.Reader, args []string) (string, error) {
	text := strings.TrimSpace(strings.Join(args, ""))
	lines := bufio.NewReader(io.LimitReader(stdin, enrich.MaxToken+1))
	for text == "" {
		line, err := lines.ReadString('\n')
		text = strings.TrimSpace(line)
		if err == io.EOF && text == "" {
			return "", &exitError{exitUsage, errors.New("no token; pass it as the argument or on standard input")}
		} else if err != nil && err != io.EOF {
			return "", err
		}
	}
	if scheme, token, ok := strings.Cut(text, " "); ok && strings.EqualFold(scheme, "Bearer") {
		text = strings.TrimSpace(token)
	}
	return text, nil
}

// printOutcome prints a token before and after, the reason, and the cause.
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

// describe prints the parts of a token, and the size of each claim in it.
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
