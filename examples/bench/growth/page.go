package main

import (
	"fmt"
	"os"
	"strings"
)

// The table is between these two lines of the page.
const (
	tableStart = "<!-- written by `make bench-growth` -->\n"
	tableEnd   = "<!-- end of what `make bench-growth` wrote -->\n"
)

// writeTable replaces the table of a page.
func writeTable(page, table string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), tableStart)
	_, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		return fmt.Errorf("%s does not have the lines %q and %q", page, tableStart, tableEnd)
	}
	return os.WriteFile(page, []byte(before+tableStart+table+tableEnd+after), 0o644)
}
