package jsonedit

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A Path leads from a JSON value to values inside it. An element names a
// member of an object, or is the index of an element of an array; * is every
// element of an array.
type Path []string

// ParsePath reads a path as the configuration file has it: elements joined
// with dots, where \. is a dot within a name and \\ a backslash.
func ParsePath(s string) (Path, error) {
	var path Path
	var element strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '.' || s[i+1] == '\\'):
			i++
			element.WriteByte(s[i])
		case s[i] == '.':
			path = append(path, element.String())
			element.Reset()
		default:
			element.WriteByte(s[i])
		}
	}
	path = append(path, element.String())
	if slices.Contains(path, "") {
		return nil, fmt.Errorf("the path %q has an empty element, want names joined with dots", s)
	}
	return path, nil
}

// String returns the path as [ParsePath] reads it.
func (p Path) String() string {
	elements := make([]string, len(p))
	for i, element := range p {
		elements[i] = escapeElement.Replace(element)
	}
	return strings.Join(elements, ".")
}

var escapeElement = strings.NewReplacer(`\`, `\\`, ".", `\.`)

// A StringSpan is a JSON string and where it stands.
type StringSpan struct {
	Start, End int    // offsets of the opening quote and of the byte after the closing one
	Value      string // unescaped
}

// Strings returns every string that stands at the path in a JSON text; of a
// member that stands twice, both. Unlike [Parse] it is lenient where the reader
// of the text decides: duplicate names and invalid UTF-8 pass, and a byte order
// mark at the start. It fails where the text as a whole is not one JSON value,
// without showing any part of it.
func Strings(text []byte, path Path) ([]StringSpan, error) {
	unmarked := bytes.TrimPrefix(text, byteOrderMark)
	dec := lenient(unmarked)
	defer decoders.Put(dec)

	w := walker{dec: dec, mark: len(text) - len(unmarked)}
	if err := w.value(path); err != nil {
		return nil, redact(err)
	}
	return w.found, atEnd(dec)
}

var byteOrderMark = []byte("\ufeff")

func lenient(text []byte) *jsontext.Decoder {
	return decoder(text, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

type walker struct {
	dec   *jsontext.Decoder
	mark  int
	found []StringSpan
}

// value reads the next value and notes the strings at the path in it. Its
// recursion is as deep as the path is long.
func (w *walker) value(path Path) error {
	switch kind := w.dec.PeekKind(); {
	case len(path) == 0 && kind == '"':
		return w.note()
	case len(path) > 0 && kind == '{':
		return w.object(path)
	case len(path) > 0 && kind == '[':
		return w.array(path)
	}
	return w.dec.SkipValue()
}

func (w *walker) note() error {
	literal, err := w.dec.ReadValue()
	if err != nil {
		return err
	}
	end := w.mark + int(w.dec.InputOffset())
	// A string of invalid UTF-8 is no token: it is passed over.
	if value, err := jsontext.AppendUnquote(nil, literal); err == nil {
		w.found = append(w.found, StringSpan{Start: end - len(literal), End: end, Value: string(value)})
	}
	return nil
}

func (w *walker) object(path Path) error {
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	for w.dec.PeekKind() != '}' {
		name, err := w.dec.ReadToken()
		if err != nil {
			return err
		}
		if name.String() != path[0] {
			err = w.dec.SkipValue()
		} else {
			err = w.value(path[1:])
		}
		if err != nil {
			return err
		}
	}
	_, err := w.dec.ReadToken()
	return err
}

func (w *walker) array(path Path) error {
	if _, err := w.dec.ReadToken(); err != nil {
		return err
	}
	index := arrayIndex(path[0])
	for i := 0; w.dec.PeekKind() != ']'; i++ {
		var err error
		if path[0] == "*" || i == index {
			err = w.value(path[1:])
		} else {
			err = w.dec.SkipValue()
		}
		if err != nil {
			return err
		}
	}
	_, err := w.dec.ReadToken()
	return err
}

// arrayIndex is what an element of a path is for an array, -1 for a name.
func arrayIndex(element string) int {
	if index, err := strconv.Atoi(element); err == nil && strconv.Itoa(index) == element {
		return index
	}
	return -1
}

// Quote returns s as a JSON string, with nothing escaped that need not be.
// Invalid UTF-8 in s becomes the replacement character.
func Quote(s string) []byte {
	quoted, _ := jsontext.AppendQuote(nil, s)
	return quoted
}

// Unquote returns the text of a JSON string, and false for any other value.
func Unquote(value []byte) (string, bool) {
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	text, err := jsontext.AppendUnquote(nil, value)
	return string(text), err == nil
}
