package manual

import (
	"fmt"
	"strings"
)

// The lines around the table of settings in a page.
const (
	begin = "<!-- settings -->\n"
	end   = "<!-- /settings -->"
)

// Insert returns a page with the table between its two lines.
func Insert(page, table string) (string, error) {
	before, rest, opened := strings.Cut(page, begin)
	_, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		return "", fmt.Errorf("no table of settings: want the lines %q and %q", begin, end)
	}
	return before + begin + table + end + after, nil
}
