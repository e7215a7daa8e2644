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

// jsonStrings returns the strings at a path, without their quotes. It returns none
// for a body that is not JSON.
func jsonStrings(body []byte, path jsonedit.Path) []span {
	if !mayHave(body, path) {
		return nil
	}
	start, ok := jsonStart(body)
	if !ok {
		return nil
	}
	found, err := jsonedit.Strings(body[start:], path)
	if err != nil {
		return nil
	}
	spans := make([]span, len(found))
	for i, s := range found {
		spans[i] = span{start + s.Start + 1, start + s.End - 1, s.Value}
	}
	return spans
}
