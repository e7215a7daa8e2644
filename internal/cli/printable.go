package cli

import (
	"fmt"
	"strings"
	"unicode"
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

func unsafeRune(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}
