package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/pasted"
	"github.com/tokengraft/tokengraft/internal/telemetry"
)

// inputTimeout is how long try waits for the end of its input.
const inputTimeout = 5 * time.Minute

var errNoInput = &exitError{exitUsage, errors.New("no token; pass it as the argument or on standard input")}

// openInput waits for the first character of the input of try that is not blank.
func openInput(c *cobra.Command, args []string) (*bufio.Reader, error) {
	text := strings.TrimSpace(strings.Join(args, ""))
	if text != "" {
		return bufio.NewReader(strings.NewReader(text)), nil
	}
	stdin := c.InOrStdin()
	if screen, ok := stdin.(io.Writer); ok && telemetry.IsTerminal(screen) {
		fmt.Fprintln(c.ErrOrStderr(), "Paste a token, or a response of the backend. Press Return and Ctrl-D at its end.")
	}
	in := bufio.NewReader(stdin)
	err := waiting(c.Context(), func() error { return skipBlanks(in) })
	if err == io.EOF {
		return nil, errNoInput
	}
	return in, err
}

// skipBlanks reads all characters before the first that is not blank.
func skipBlanks(in *bufio.Reader) error {
	for {
		b, err := in.ReadByte()
		if err != nil {
			return err
		}
		if !strings.ContainsRune(" \t\r\n", rune(b)) {
			return in.UnreadByte()
		}
	}
}

// waiting runs a function that reads, but does not wait for it after ctx ends, or for too
// long.
func waiting(ctx context.Context, read func() error) error {
	done := make(chan error, 1)
	go func() { done <- read() }()
	timeout := time.NewTimer(inputTimeout)
	defer timeout.Stop()
	select {
	case err := <-done:
		return err
	case <-timeout.C:
		return fmt.Errorf("the input did not end within %s", inputTimeout)
	case <-ctx.Done():
		return errors.New("interrupted")
	}
}

// readInput reads a token, or responses up to the limits of serve.
func readInput(ctx context.Context, in *bufio.Reader, cfg *config.Config) (input pasted.Input, err error) {
	// Several responses can have a header each, but only small bodies before the last.
	limit := 2*int64(cfg.Limits.Body) + 4*int64(cfg.Limits.Headers)
	err = waiting(ctx, func() (err error) {
		input, err = parseInput(in, limit)
		return err
	})
	switch {
	case errors.Is(err, errTooLong):
		return input, fmt.Errorf("the input has more than %d bytes, the limits of serve (limits.body: %s) for a response. serve forwards a larger one as it is", limit, cfg.Limits.Body)
	case errors.Is(err, pasted.ErrEmpty):
		return input, errNoInput
	case err != nil:
		return input, &exitError{exitUsage, fmt.Errorf("cannot read the input: %w", err)}
	}
	return input, nil
}

var errTooLong = errors.New("too long")

// parseInput reads an input that is not longer than the limit. If its first line is a
// token, it does not wait for more.
func parseInput(in io.Reader, limit int64) (pasted.Input, error) {
	limited := io.LimitedReader{R: in, N: limit + 1}
	lines := bufio.NewReader(&limited)
	line, err := lines.ReadString('\n')
	if err != nil && err != io.EOF {
		return pasted.Input{}, err
	}
	text := []byte(line)
	if !pasted.IsLine(line) {
		rest, err := io.ReadAll(lines)
		if err != nil {
			return pasted.Input{}, err
		}
		if text = append(text, rest...); int64(len(text)) > limit {
			return pasted.Input{}, errTooLong
		}
	}
	input, err := pasted.Parse(text)
	if input.Token != "" {
		input = tokenInput(input.Token)
	}
	return input, err
}
