package jsonedit

import (
	"regexp"
	"strings"
)

// Respell returns how [ParsePath] wants a path that is written in another language: JSONPath
// such as $.a['b'][0] or a[0].b, a JSON Pointer such as /a/0/b, or a filter of jq such as
// .a.b. It returns false for any other path. If the path has no equivalent, right is empty.
//
// A name that looks like this has a backslash before its $, / or [.
func Respell(s string) (right string, foreign bool) {
	switch {
	case strings.HasPrefix(s, "/"), strings.HasPrefix(s, "#/"):
		return fromPointer(strings.TrimPrefix(s, "#")), true
	case strings.HasPrefix(s, "$."), strings.HasPrefix(s, "$["):
		right, _ = fromJSONPath(s[1:])
		return right, true
	case strings.HasPrefix(s, "."):
		right, _ = fromJSONPath(s)
		return right, true
	case !brackets.MatchString(s):
		return "", false
	case strings.HasPrefix(s, "["):
		return fromJSONPath(s)
	}
	return fromJSONPath("." + s)
}

// fromPointer returns a JSON Pointer (RFC 6901) as a path.
func fromPointer(s string) string {
	var path Path
	for name := range strings.SplitSeq(s[1:], "/") {
		if name == "" {
			return ""
		}
		path = append(path, strings.NewReplacer("~1", "/", "~0", "~").Replace(name))
	}
	return path.String()
}

// brackets are an index, a * or a name of JSONPath (RFC 9535, section 2.3), without a
// backslash before it.
var brackets = regexp.MustCompile(`(?:^|[^\\])\[(?:\d+|\*|'[^']*'|"[^"]*")\]`)

// step is one step of a JSONPath: a name after a dot, or something in brackets.
var step = regexp.MustCompile(`^(?:\.((?:\\.|[^.\[\\])+)|\[(\d+|\*)\]|\['([^']+)'\]|\["([^"]+)"\])`)

// fromJSONPath returns a JSONPath without its $ as a path, and false if it has no
// equivalent.
func fromJSONPath(s string) (string, bool) {
	var path Path
	for s != "" {
		found := step.FindStringSubmatch(s)
		if found == nil {
			return "", false
		}
		name := strings.Join(found[1:], "")
		if found[1] != "" {
			name = unescapeElement.Replace(name)
		}
		path = append(path, name)
		s = s[len(found[0]):]
	}
	return path.String(), len(path) > 0
}

var unescapeElement = strings.NewReplacer(`\\`, `\`, `\.`, ".", `\$`, "$", `\/`, "/", `\[`, "[")

// native escapes a path in which [Respell] would see another language.
func native(path string) string {
	if _, foreign := Respell(path); !foreign {
		return path
	}
	if strings.HasPrefix(path, "$") || strings.HasPrefix(path, "/") {
		path = `\` + path
	}
	if after, ok := strings.CutPrefix(path, "#/"); ok {
		path = `#\/` + after
	}
	return strings.ReplaceAll(path, "[", `\[`)
}
