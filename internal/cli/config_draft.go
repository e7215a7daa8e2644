package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// draftText is the part of the help about drafts.
const draftText = `A draft is a whole FILE (- is standard input), or the file of the sidecar with changes: --set and
--unset change the settings of custom user data. A value is written as in the file: 5, true,
[a, b] or "text".`

// A draftChanges has the flags that describe a draft.
type draftChanges struct{ changes []adminapi.Setting }

// draftFlags adds --set and --unset to a command.
func draftFlags(c *cobra.Command) *draftChanges {
	d := new(draftChanges)
	c.Flags().Var(&draftFlag{d, true}, "set", "set a setting, as `PATH=VALUE`; no value removes it; can be repeated")
	c.Flags().Var(&draftFlag{d, false}, "unset", "remove the setting at `PATH`, so that it has its default; can be repeated")
	return d
}

// A draftFlag is --set or --unset. Both add to the same list, because their order counts.
type draftFlag struct {
	draft *draftChanges
	sets  bool
}

// String and the next two methods implement pflag.Value.
func (f *draftFlag) String() string { return "" }

// Type returns the name of the type in the help.
func (f *draftFlag) Type() string { return "setting" }

// Set adds a change.
func (f *draftFlag) Set(text string) error {
	path, written, assigned := strings.Cut(text, "=")
	change := adminapi.Setting{Path: strings.TrimSpace(path)}
	switch {
	case change.Path == "" || assigned != f.sets:
		if f.sets {
			return errors.New("want PATH=VALUE, such as claim.max_size=8KiB")
		}
		return errors.New("want the path of a setting, such as claim.max_size")
	case f.sets:
		value, err := config.ParseValue(written)
		if err != nil {
			return fmt.Errorf("the value of %s: %w", change.Path, err)
		}
		change.Value = value
	}
	f.draft.changes = append(f.draft.changes, change)
	return nil
}

// atMostOneFile is for commands that take a draft.
func atMostOneFile(c *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("%s takes at most one argument, FILE, but got %d", commandName(c), len(args))
	}
	return nil
}

// draft returns the draft that a command line describes.
func (d *draftChanges) draft(c *cobra.Command, f *adminFlags, args []string) (adminapi.Draft, error) {
	switch {
	case len(args) == 0 && len(d.changes) == 0:
		return adminapi.Draft{}, &exitError{exitUsage, errors.New("the draft is missing; name a FILE, or change settings with --set PATH=VALUE or --unset PATH")}
	case len(args) == 0:
		return adminapi.Draft{Set: d.changes}, nil
	case len(d.changes) > 0:
		return adminapi.Draft{}, &exitError{exitUsage, errors.New("a FILE cannot be combined with --set and --unset; change the setting in the file")}
	case args[0] == stdinConfig && f.admin == "" && f.config == stdinConfig:
		return adminapi.Draft{}, &exitError{exitUsage, errors.New("standard input cannot be both the draft and the configuration of -c; use --admin URL")}
	}
	text, err := readDraft(c, args[0])
	if err != nil {
		return adminapi.Draft{}, &exitError{exitUsage, fmt.Errorf("the draft cannot be read: %w", err)}
	}
	return adminapi.Draft{Text: &text}, nil
}

// maxDraft bounds a draft. A sidecar refuses one of a tenth.
const maxDraft = 10 << 20

func readDraft(c *cobra.Command, path string) (string, error) {
	in := c.InOrStdin()
	if path != stdinConfig {
		file, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxDraft+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > maxDraft:
		return "", fmt.Errorf("it is larger than %s", config.Size(maxDraft))
	case !utf8.Valid(text):
		return "", errors.New("it is not UTF-8; save it as UTF-8")
	}
	return string(text), nil
}
