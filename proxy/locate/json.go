package locate

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// isJSON reports whether a media type is JSON (RFC 6839, section 3.1). A body can be JSON
// whatever its type says: see jsonStart.
func isJSON(media string) bool {
	return media == jsonType || strings.HasSuffix(media, "+json")
}

// RewriteJSON calls rewrite for each string at the json: locations of a JSON body and
// replaces the string with the result. All other bytes stay unchanged, and so does a
// body that is not JSON. It ignores other locations. The result may be body itself;
// RewriteJSON never writes to body.
func RewriteJSON(body []byte, locs []Location, rewrite func(string) string) []byte {
	var changes []span
	for _, loc := range locs {
		if loc.in != inJSON {
			continue
		}
		for _, s := range jsonStrings(body, loc.path()) {
			if with := rewrite(s.token); with != s.token {
				quoted := jsonedit.Quote(with)
				changes = append(changes, span{s.start, s.end, string(quoted[1 : len(quoted)-1])})
			}
		}
	}
	if len(changes) == 0 {
		return body
	}
	return splice(body, changes)
}

// mayHave reports whether a JSON text can have a value at a path. It costs next to nothing,
// and most texts do not have most members that are looked for.
func mayHave(body []byte, path jsonedit.Path) bool {
	if bytes.IndexByte(body, '\\') >= 0 {
		return true // a name can have escapes
	}
	for _, element := range path {
		if isASCII(element) && !bytes.Contains(body, []byte(element)) && !isArrayElement(element) {
			return false
		}
	}
	return true
}

// isArrayElement reports whether an element of a path can mean an element of an array.
func isArrayElement(element string) bool {
	return element == "*" || strings.Trim(element, "0123456789") == ""
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// A jsonBody is a body that may be JSON. It is parsed at most once, however many paths are
// looked at, unless it is an array, a string, or an object of very many members.
type jsonBody struct {
	text     []byte
	start    int // of the JSON
	state    bodyState
	contents jsonedit.Members // of an object
}

type bodyState int

const (
	bodyUnread bodyState = iota
	bodyObject
	bodyOther // not an object, or one of very many members
)

// appendStrings appends the strings at a path, without their quotes. It appends none for a
// body that is not JSON.
func (b *jsonBody) appendStrings(dst []span, path jsonedit.Path) []span {
	if b.state != bodyObject && !mayHave(b.text, path) {
		return dst
	}
	var room [4]jsonedit.StringSpan // of usual bodies
	found := room[:0]
	if len(path) > 0 && b.isObject() {
		found = b.contents.AppendStrings(found, path)
	} else if start, ok := jsonStart(b.text); ok {
		b.start = start
		found, _ = jsonedit.Strings(b.text[start:], path)
	}
	for _, s := range found {
		dst = append(dst, span{b.start + s.Start + 1, b.start + s.End - 1, s.Value})
	}
	return dst
}

// isObject reports whether contents has the members of the body, and reads it if it was not
// read.
func (b *jsonBody) isObject() bool {
	if b.state == bodyUnread {
		b.state = bodyOther
		if start, ok := jsonStart(b.text); ok && b.contents.Read(b.text[start:]) {
			b.start, b.state = start, bodyObject
		}
	}
	return b.state == bodyObject
}

// jsonStrings returns the strings at a path of a body.
func jsonStrings(body []byte, path jsonedit.Path) []span {
	b := jsonBody{text: body}
	return b.appendStrings(nil, path)
}
