package manual

import (
	"fmt"
	"strings"
)

// Insert returns a page with a table between the lines <!-- NAME --> and
// <!-- /NAME -->.
func Insert(page, name, table string) (string, error) {
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	before, rest, opened := strings.Cut(page, begin)
	_, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		return "", fmt.Errorf("no table of %s: the page needs the lines %q and %q", name, begin, end)
	}
	return before + begin + table + end + after, nil
}
