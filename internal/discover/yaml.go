package discover

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// Write writes a report as a commented configuration. It has no token, password or
// document: as a last guard, Write returns an error instead of anything in the shape of a
// token.
func Write(w io.Writer, r Report) error {
	var doc writer
	doc.head(&r)
	doc.rules(&r)
	doc.verify(&r)
	doc.claim(&r)
	doc.documents(&r)
	doc.restore(&r)
	doc.notes(&r)
	if hasToken(doc.body.Bytes()) {
		return errors.New("the configuration would contain a token: this is a bug. Report it without the token")
	}
	text := strings.Replace(doc.body.String(), todoMark, doc.todoText(), 1)
	_, err := io.WriteString(w, text)
	return err
}

// A writer collects the lines of a configuration.
type writer struct {
	body  bytes.Buffer
	todos []string // what is left to the user
}

// todoMark is where the head says what is left to do.
const todoMark = "\x00todo\x00"

func (w *writer) line(format string, args ...any) {
	fmt.Fprintf(&w.body, format, args...)
	w.body.WriteByte('\n')
}

func (w *writer) blank() { w.body.WriteByte('\n') }

// lineWidth is about how long a comment may be.
const lineWidth = 100

// comment writes a text as a comment, in as many lines as it needs.
func (w *writer) comment(indent, format string, args ...any) {
	text := printable(fmt.Sprintf(format, args...))
	line := indent + "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > lineWidth && line != indent+"#" {
			w.line("%s", line)
			line = indent + "#"
		}
		line += " " + word
	}
	w.line("%s", line)
}

// todo is a comment about what the user has to do. at is the setting.
func (w *writer) todo(indent, at, format string, args ...any) {
	w.comment(indent, "TODO: "+format, args...)
	w.todos = append(w.todos, at)
}

// todoText returns what the head says about the TODOs.
func (w *writer) todoText() string {
	if len(w.todos) == 0 {
		return "# Nothing is left to fill in. Next: `tokengraft check`, then `tokengraft serve`."
	}
	return "# Look for TODO: " + strings.Join(w.todos, ", ") + ".\n# Next: `tokengraft check`, then `tokengraft serve`."
}

// printable replaces what could end a comment, or is invisible.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return ' '
	}, text)
}

// plainScalar matches texts that mean themselves in YAML, wherever they are.
var plainScalar = regexp.MustCompile(`^([A-Za-z_/.][A-Za-z0-9_/.:-]*[A-Za-z0-9_/]|[0-9]+(\.[0-9]+){3}:[0-9]+)$`)

// notText are plain scalars that YAML does not take for text.
var notText = regexp.MustCompile(`(?i)^(true|false|null|yes|no|on|off|y|n|~|\.nan|\.inf|[0-9.]+)$`)

// quote writes a text so that the configuration gets exactly this text. A JSON string is
// also a YAML string, except for some line breaks of Unicode, and $${ is a literal ${.
func quote(text string) string {
	if plainScalar.MatchString(text) && !notText.MatchString(text) {
		return text
	}
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(strings.ReplaceAll(text, "${", "$${")); err != nil {
		panic(err) // a string can always be encoded
	}
	return escapeUnprintable(strings.TrimSuffix(quoted.String(), "\n"))
}

// escapeUnprintable writes what is invisible, or breaks lines in YAML 1.1, as an escape of a
// quoted string.
func escapeUnprintable(quoted string) string {
	var b strings.Builder
	for _, c := range quoted {
		switch {
		case unicode.IsPrint(c):
			b.WriteRune(c)
		case c <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			fmt.Fprintf(&b, `\U%08x`, c)
		}
	}
	return b.String()
}

// list writes texts as a list in one line. Its items are quoted where a plain text would
// have another meaning there.
func list(texts []string) string {
	items := make([]string, len(texts))
	for i, text := range texts {
		items[i] = quote(text)
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// sentence ends a text with a full stop.
func sentence(text string) string {
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

// hasToken reports whether a text has something in the shape of a signed JWT.
func hasToken(text []byte) (has bool) {
	locate.Request{Body: text}.Tokens(func(string) { has = true })
	return has
}
