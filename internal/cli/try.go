package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/hooks/javascript"
	"github.com/tokengraft/tokengraft/internal/sidecar"
	"github.com/tokengraft/tokengraft/internal/telemetry"
)

func tryCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "try [TOKEN]",
		Short: "Enrich one token and show the result",
		Long: `Try enriches one token of the backend with the same code as serve. The token is the argument,
or the first line of standard input. Try prints the header and the claims before and after, the
size of each claim, and the reason. It exits 0 if the token was enriched, and 3 if not.`,
		Example: "  tokengraft try eyJ…\n  pbpaste | tokengraft try",
		Args:    cobra.MaximumNArgs(1),
	}
	exits(c, exitOK, "the token is enriched")
	exits(c, exitNo, "the token is not enriched")
	path := configFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if *path == stdinConfig && len(args) == 0 {
			return &exitError{exitUsage, errors.New("-c - reads the configuration from standard input, so pass the token as the argument")}
		}
		token, err := readToken(c.Context(), c.InOrStdin(), args)
		if err != nil {
			return err
		}
		cfg, err := loadConfig(c, *path)
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
		printOutcome(c.OutOrStdout(), token, outcome, hint(cfg, outcome.Reason))
		if outcome.Reason != enrich.OK && outcome.Reason != enrich.Stale {
			return &exitError{code: exitNo}
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

// hint says what to do about a reason, or "" if there is nothing to do.
func hint(cfg *config.Config, reason enrich.Reason) string {
	d := cfg.Documents
	switch reason {
	case enrich.OK:
		return ""
	case enrich.NoDocument:
		return fmt.Sprintf("There is no document whose field %s has the value of the claim %s. If there should be one, check documents.user_id_claim, user_id_field and user_id_type.", d.UserIDField, d.UserIDClaim)
	case enrich.Opaque:
		return "This is not a signed JWT, so serve forwards it unchanged."
	case enrich.NotOurs:
		return "If the token was enriched, try the one that the backend issued. Otherwise check verify.issuer, verify.audience, and whether verify names the keys that the backend signs with."
	}
	return "docs/failures.md says what to do about each reason."
}

// printOutcome prints a token before and after, the reason, the cause and a hint.
func printOutcome(w io.Writer, token string, outcome enrich.Outcome, hint string) {
	printToken(w, "before", token)
	if outcome.Raw != token {
		printToken(w, "after", outcome.Raw)
		fmt.Fprintf(w, "\n%s\n", outcome.Raw)
	}
	fmt.Fprintf(w, "\nreason: %s\n", outcome.Reason)
	if outcome.Err != nil {
		fmt.Fprintf(w, "cause:  %v\n", outcome.Err)
	}
	if hint != "" {
		fmt.Fprintf(w, "hint:   %s\n", hint)
	}
}

// printToken prints the parts of a token, and the size of each claim in it.
func printToken(w io.Writer, when, raw string) {
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
