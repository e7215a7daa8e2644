package jsonedit

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A Path leads from a JSON value to values inside it. Each element is the name of a
// member of an object, the index of an element of an array, or * for every element
// of an array. The empty Path is the value itself.
type Path []string

// ParsePath parses a path as it is written in the configuration file: elements
// joined with dots, with \. for a dot in a name and \\ for a backslash. A backslash may
// also be before $, / and [. It returns an error for an empty element.
func ParsePath(s string) (Path, error) {
	var path Path
	var element strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && strings.IndexByte(`.\$/[`, s[i+1]) >= 0:
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
		return nil, fmt.Errorf("the path %q has an empty element. Join names with single dots", s)
	}
	return path, nil
}

// String returns the path in the form that [ParsePath] parses.
func (p Path) String() string {
	elements := make([]string, len(p))
	for i, element := range p {
		elements[i] = escapeElement.Replace(element)
	}
	return native(strings.Join(elements, "."))
}

var escapeElement = strings.NewReplacer(`\`, `\\`, ".", `\.`)

// A StringSpan is a JSON string and its position in a text.
type StringSpan struct {
	Start, End int    // offsets of the opening quote and of the byte after the closing quote
	Value      string // unescaped
}

// Strings returns every string at the path in a JSON text, in the order of the
// text. If a member occurs twice, it returns both strings, because the proxy cannot
// know which one a client reads. Unlike [Parse] it accepts duplicate names, invalid
// UTF-8, and a byte order mark at the start. It returns an error if the text is not
// exactly one JSON value. Errors never quote the text.
func Strings(text []byte, path Path) ([]StringSpan, error) {
	unmarked := bytes.TrimPrefix(text, byteOrderMark)
	w := walker{scanner: scanner{text: unmarked}, before: len(text) - len(unmarked)}
	if !w.value(path, 0) || w.peek() != 0 || w.at < len(unmarked) {
		return nil, w.err()
	}
	return w.found, nil
}

var byteOrderMark = []byte("\ufeff")

func lenient(text []byte) *jsontext.Decoder {
	return decoder(text, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// A walker collects the strings at a path.
type walker struct {
	scanner
	before int // length of what is before the text, such as a byte order mark
	found  []StringSpan
}

// value reads the next value, which is inside depth objects and arrays, and collects the
// strings at the path in it. It recurses once for each element of the path, so a deeply
// nested text cannot exhaust the stack.
func (w *walker) value(path Path, depth int) bool {
	switch c := w.peek(); {
	case len(path) == 0 && c == '"':
		return w.collect()
	case len(path) > 0 && c == '{' && depth < maxNesting:
		return w.object(path, depth+1)
	case len(path) > 0 && c == '[' && depth < maxNesting:
		return w.array(path, depth+1)
	}
	return w.skip(depth)
}

func (w *walker) collect() bool {
	start := w.at
	ok := w.string()
	if ok {
		w.found = appendString(w.found, w.text[start:w.at], w.plain, w.before+start)
	}
	return ok
}

func (w *walker) object(path Path, depth int) bool {
	w.at++
	if w.next('}') {
		return true
	}
	for {
		literal, ok := w.name()
		switch {
		case !ok:
			return false
		case isText(literal, w.plain, path[0]):
			ok = w.value(path[1:], depth)
		default:
			ok = w.skip(depth)
		}
		if !ok {
			return false
		}
		if !w.next(',') {
			return w.next('}')
		}
	}
}

func (w *walker) array(path Path, depth int) bool {
	w.at++
	if w.next(']') {
		return true
	}
	index := arrayIndex(path[0])
	for i := 0; ; i++ {
		ok := false
		if path[0] == "*" || i == index {
			ok = w.value(path[1:], depth)
		} else {
			ok = w.skip(depth)
		}
		if !ok {
			return false
		}
		if !w.next(',') {
			return w.next(']')
		}
	}
}

// arrayIndex returns the array index that an element of a path means, and -1 if the
// element is a name. An index has only one spelling: 1, not 01 or +1.
func arrayIndex(element string) int {
	if index, err := strconv.Atoi(element); err == nil && strconv.Itoa(index) == element {
		return index
	}
	return -1
}
