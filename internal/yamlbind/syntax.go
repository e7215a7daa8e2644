package yamlbind

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// checkCharacters returns the place of the first character that YAML does not
// allow, and an error that names it. The parser would accept it as text.
func checkCharacters(source []byte) (Place, error) {
	at := Place{1, 1}
	for len(source) > 0 {
		char, size := utf8.DecodeRune(source)
		switch {
		case char == utf8.RuneError && size == 1:
			return at, errors.New("this byte is not UTF-8; save the file as UTF-8")
		case char == '\n':
			at = Place{at.Line + 1, 0}
		case char < ' ' && char != '\t' && char != '\r':
			return at, fmt.Errorf("control character %U; remove it", char)
		}
		at.Column++
		source = source[size:]
	}
	return at, nil
}

// braceAfterText matches the start of a line up to a brace that was probably meant as
// a part of the text before it, as in ${NAME} and /users/{id}.
var braceAfterText = regexp.MustCompile(`[^\s,:\[{]\{$`)

// syntax records the parser's error. It uses only the message: the full text of
// the error quotes lines of the file, which may contain secrets.
func (r *Report) syntax(source []byte, err error) {
	syntax, ok := errors.AsType[yaml.Error](err)
	if !ok || syntax.GetToken() == nil || syntax.GetToken().Position == nil {
		r.FaultAt(Place{1, 1}, "", errors.New("invalid YAML"))
		return
	}
	at := syntax.GetToken().Position
	message := "invalid YAML: " + syntax.GetMessage()
	switch {
	case braceAfterText.MatchString(linePrefix(source, at.Line, at.Column)):
		message += "; inside braces or brackets, put text that contains { in quotes"
	case strings.HasPrefix(syntax.GetMessage(), `found character '	'`):
		message = "invalid YAML: this line starts with a tab; indent it with spaces"
	case strings.HasPrefix(syntax.GetMessage(), "value is not allowed"):
		message += "; check the indentation: all settings of a section start in the same column"
	case strings.HasPrefix(syntax.GetMessage(), "mapping value is not allowed"):
		message += "; check the indentation, and put text that contains a colon and a space in quotes"
	}
	r.FaultAt(Place{max(1, at.Line), max(1, at.Column)}, "", errors.New(message))
}

// linePrefix returns a line up to a column, or "" if there is no such line.
func linePrefix(source []byte, line, column int) string {
	lines := strings.Split(string(source), "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	text := []rune(lines[line-1])
	return string(text[:min(max(0, column), len(text))])
}
