//go:build unix

package docs

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Directives say how a block is tested. The documentation of the package explains
// them.
type Directives struct {
	Exit       int
	InRepo     bool
	Background bool
	Until      string // of Background
	File       string
	YAML       bool
	Output     bool
	From       string
	Elsewhere  string
	NotRun     string

	// Of these a step has no block.
	Setup string
	Env   string
	Stop  string
}

var directiveComment = regexp.MustCompile(`(?s)^\s*<!--\s*test\b:?\s*(.*?)\s*-->\s*$`)

// directiveIn returns the directive of an HTML comment.
func directiveIn(comment string) (directive string, found bool) {
	match := directiveComment.FindStringSubmatch(comment)
	if match == nil {
		return "", false
	}
	return match[1], true
}

var untilText = regexp.MustCompile(`^until "(.+)"$`)

// parse adds a directive. It reports whether the directive does not need a block.
func (d *Directives) parse(directive string) (standalone bool, err error) {
	word, rest := directive, ""
	if i := strings.IndexAny(directive, " \n"); i >= 0 {
		word, rest = directive[:i], strings.TrimSpace(directive[i:])
	}
	if word != "not" && word != "yaml" && word != "output" && word != "dir=repo" && rest == "" {
		return false, fmt.Errorf("the directive %q is unknown or incomplete", directive)
	}
	switch word {
	case "exit":
		d.Exit, err = strconv.Atoi(rest)
	case "dir=repo":
		d.InRepo = true
	case "background":
		match := untilText.FindStringSubmatch(rest)
		if match == nil {
			return false, fmt.Errorf(`%q: want background until "TEXT"`, directive)
		}
		d.Background, d.Until = true, match[1]
	case "file":
		d.File = rest
	case "yaml":
		d.YAML = true
	case "output":
		d.Output = true
	case "from":
		d.From = rest
	case "elsewhere":
		d.Elsewhere = rest
	case "not":
		reason, ok := strings.CutPrefix(rest, "run:")
		if d.NotRun = strings.TrimSpace(reason); !ok || d.NotRun == "" {
			return false, fmt.Errorf("%q: want not run: REASON", directive)
		}
	case "setup":
		d.Setup = rest
	case "env":
		d.Env = rest
	case "stop":
		d.Stop = rest
	default:
		return false, fmt.Errorf("the directive %q is unknown", directive)
	}
	return d.Setup+d.Env+d.Stop != "", err
}
