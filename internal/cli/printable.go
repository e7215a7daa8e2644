package cli

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// printable returns a text in which no character controls a terminal, or the direction or
// order of the text: such characters become \u escapes, as in JSON.
func printable(text string) string {
	if !strings.ContainsFunc(text, unsafeRune) {
		return text
	}
	var safe strings.Builder
	for _, r := range text {
		switch {
		case !unsafeRune(r):
			safe.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&safe, `\U%08x`, r)
		default:
			fmt.Fprintf(&safe, `\u%04x`, r)
		}
	}
	return safe.String()
}

// printableJSON is printable for JSON on several lines. The result means the same: such
// characters are only in strings.
func printableJSON(text string) string {
	if !strings.ContainsFunc(text, unsafeInJSON) {
		return text
	}
	var safe strings.Builder
	for _, r := range text {
		if !unsafeInJSON(r) {
			safe.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&safe, `\u%04x`, unit)
		}
	}
	return safe.String()
}

func unsafeInJSON(r rune) bool { return r != '\n' && unsafeRune(r) }

// printableLines is [printable] for a text of several lines.
func printableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	return strings.Join(lines, "\n")
}

func unsafeRune(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}
