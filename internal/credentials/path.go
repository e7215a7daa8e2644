package credentials

import (
	"strings"
	"unicode"
)

// Hidden stands for a name of a path that may identify a user.
const Hidden = "*"

// maxShown limits the names of a path that are shown.
const maxShown = 12

// shown returns a path for people: names joined with dots. A name that looks like the key
// of a map, such as an address or an id, is hidden.
func shown(path [][]byte) string {
	names := make([]string, 0, min(len(path), maxShown))
	for _, name := range path[:min(len(path), maxShown)] {
		if looksChosen(string(name)) {
			names = append(names, string(name))
		} else {
			names = append(names, Hidden)
		}
	}
	if len(path) > maxShown {
		names = append(names, Hidden)
	}
	return strings.Join(names, ".")
}

// Shown returns a name as it is shown in a path.
func Shown(name string) string { return shown([][]byte{[]byte(name)}) }

// looksChosen reports whether a name looks like one that a programmer gave to a field. An
// id is long, has many digits or changes often between digits and letters; an address
// has other characters.
func looksChosen(name string) bool {
	const maxLength, maxDigits, maxRuns = 40, 3, 2
	digits, letters, runs, inRun := 0, 0, 0, false
	for _, r := range name {
		switch {
		case r >= '0' && r <= '9':
			digits++
			if !inRun {
				runs++
			}
		case unicode.IsLetter(r):
			letters++
		case r != '_' && r != '-' && r != '$':
			return false
		}
		inRun = r >= '0' && r <= '9'
	}
	return len(name) <= maxLength && letters > 0 && digits <= maxDigits && runs <= maxRuns
}
