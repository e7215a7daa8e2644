// Package redact says which texts of strangers may be in a log: names that a person chose.
// Tokens, codes and ids are hidden.
package redact

import (
	"strings"
	"unicode"
)

// Hidden stands for a text that is not shown.
const Hidden = "[redacted]"

// Path hides the segments of a path that could be a token, a code in a link or a user id.
// Words and version numbers stay. It shortens a long path.
func Path(path string) string {
	if len(path) <= maxPath && allNamed(path) {
		return path // most paths, without an allocation
	}
	segments := strings.Split(shorten(path), "/")
	for i, segment := range segments {
		if !LooksNamed(segment) {
			segments[i] = Hidden
		}
	}
	return shorten(strings.Join(segments, "/"))
}

// allNamed reports whether all segments of a path look named.
func allNamed(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if !LooksNamed(segment) {
			return false
		}
	}
	return true
}

// maxPath limits a path in a log line, in bytes. Clients choose paths, and could fill the
// disk.
const maxPath = 256

// shorten cuts a long path between two segments, because the start of a token could
// look like a word.
func shorten(path string) string {
	const rest = "…"
	if len(path) <= maxPath {
		return path
	}
	path = path[:maxPath-len(rest)]
	return path[:strings.LastIndexByte(path, '/')+1] + rest
}

// LooksNamed reports whether a path segment, or the name of a member or a claim, looks like
// a name that a person chose. A generated text is long, has many digits, or changes often
// between digits, upper and lower case.
func LooksNamed(segment string) bool {
	const maxLength, maxDigits, maxStarts = 32, 3, 4
	digits, starts, before := 0, 0, ' '
	for _, c := range segment {
		if unicode.IsDigit(c) {
			digits++
		}
		if startsWord(before, c) {
			starts++
		}
		before = c
	}
	return len(segment) <= maxLength && digits <= maxDigits && starts <= maxStarts &&
		!strings.Contains(segment, "@") && !strings.HasPrefix(segment, "eyJ") // even a short token
}

// startsWord reports whether a word of camelCase starts between two characters, or a
// number starts or ends there.
func startsWord(before, c rune) bool {
	return unicode.IsLower(before) && unicode.IsUpper(c) || unicode.IsLetter(before) && unicode.IsDigit(c) || unicode.IsDigit(before) && unicode.IsLetter(c)
}

// Names returns names for a log, joined with commas: at most 12 of them. It hides those that
// do not look like names, and those with characters that names rarely have.
func Names(names []string) string {
	const most = 12
	shown := make([]string, 0, most+1)
	for i, name := range names {
		if i == most {
			shown = append(shown, "…")
			break
		}
		shown = append(shown, Name(name))
	}
	return strings.Join(shown, ", ")
}

// Name returns a name for a log, or [Hidden].
func Name(name string) string {
	if name == "" || !LooksNamed(name) || strings.ContainsFunc(name, notInName) {
		return Hidden
	}
	return name
}

func notInName(c rune) bool {
	return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("_-.:/$* ", c)
}

// Word returns a text of a token that is not a secret and identifies no user, such as a kid, a
// typ or an audience, in quotes. It returns [Hidden] for one that is long, has unusual
// characters, or could be more than that.
func Word(text string) string {
	const longest = 128
	if len(text) > longest || strings.HasPrefix(text, "eyJ") || strings.ContainsFunc(text, notInWord) {
		return Hidden
	}
	return `"` + text + `"`
}

// notInWord reports whether a character is rare in identifiers. @ is in e-mail addresses.
func notInWord(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9') && !strings.ContainsRune("_-.:/+=~", c)
}
