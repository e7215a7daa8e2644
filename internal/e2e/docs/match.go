//go:build unix

package docs

import (
	"regexp"
	"strings"
)

// anything stands for any text in a line, and on a line of its own for any lines.
const anything = "…"

// matchLines reports whether lines are what a page shows.
func matchLines(shown, got []string) bool {
	if len(shown) == 0 {
		return len(got) == 0
	}
	if strings.TrimSpace(shown[0]) == anything {
		for skipped := range len(got) + 1 {
			if matchLines(shown[1:], got[skipped:]) {
				return true
			}
		}
		return false
	}
	return len(got) > 0 && matchLine(shown[0], got[0]) && matchLines(shown[1:], got[1:])
}

// matchingPrefix returns how many of the lines that a page shows fit the output.
func matchingPrefix(shown, got []string) int {
	for n := range shown {
		start := append(append([]string{}, shown[:n+1]...), anything)
		if !matchLines(start, got) {
			return n
		}
	}
	return len(shown)
}

var blanks = regexp.MustCompile(`\s+`)

// matchLine compares two lines. How wide a gap is depends on the port's number of
// digits, so all gaps are equal.
func matchLine(shown, got string) bool {
	shown, got = squeeze(shown), squeeze(got)
	pattern := strings.ReplaceAll(regexp.QuoteMeta(shown), anything, ".*")
	// At the start and at the end of a line anything includes the blank next to it.
	pattern = strings.Replace("^"+pattern+"$", "^.* ", "^(?:.* )?", 1)
	pattern = strings.Replace(pattern, " .*$", "(?: .*)?$", 1)
	return regexp.MustCompile(pattern).MatchString(got)
}

func squeeze(line string) string { return strings.TrimSpace(blanks.ReplaceAllString(line, " ")) }

// containsLines reports whether the lines that a page shows, one after the other,
// are among others.
func containsLines(shown, all []string) bool {
	shown = append(append([]string{anything}, shown...), anything)
	return matchLines(shown, all)
}
