package yamlbind

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// checkCharacters returns the place of the first thing that no YAML has, and what
// it is: the parser would take it for text.
func checkCharacters(source []byte) (Place, error) {
	at := Place{1, 1}
	for len(source) > 0 {
		char, size := utf8.DecodeRune(source)
		switch {
		case char == utf8.RuneError && size == 1:
			return at, errors.New("a byte that is not UTF-8")
		case char == '\n':
			at = Place{at.Line + 1, 0}
		case char < ' ' && char != '\t' && char != '\r':
			return at, fmt.Errorf("the control character %U", char)
		}
		at.Column++
		source = source[size:]
	}
	return at, nil
}

// braceInText is the beginning of a line, up to a brace that somebody took for a
// part of the text before it, as in ${NAME} and /users/{id}.
var braceInText = regexp.MustCompile(`[^\s,:\[{]\{$`)

// syntax records the parser's error. Its message alone is taken: its text as an
// error quotes lines of the file.
func (r *Report) syntax(source []byte, err error) {
	syntax, ok := errors.AsType[yaml.Error](err)
	if !ok || syntax.GetToken() == nil || syntax.GetToken().Position == nil {
		r.FaultAt(Place{1, 1}, "", errors.New("no YAML"))
		return
	}
	at := syntax.GetToken().Position
	message := "no YAML: " + syntax.GetMessage()
	if braceInText.MatchString(upTo(source, at.Line, at.Column)) {
		message += "; within braces or brackets, text with a { needs quotes"
	}
	r.FaultAt(Place{max(1, at.Line), max(1, at.Column)}, "", errors.New(message))
}

// upTo returns a line up to a column, and empty if there is none.
func upTo(source []byte, line, column int) string {
	lines := strings.Split(string(source), "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	text := []rune(lines[line-1])
	return string(text[:min(max(0, column), len(text))])
}
