package locate

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
)

// hiddenInputs returns the values of all hidden inputs of an HTML page whose name
// matches. It ignores comments, scripts and similar text.
func hiddenInputs(page []byte, named func(name string) bool) []span {
	var spans []span
	tokens := html.NewTokenizer(bytes.NewReader(page))
	for end := 0; ; {
		kind := tokens.Next()
		start := end
		end += len(tokens.Raw()) // there are no gaps between raw texts
		switch kind {
		case html.ErrorToken:
			return spans
		case html.StartTagToken, html.SelfClosingTagToken:
			if s, ok := hiddenInput(string(page[start:end]), named); ok {
				spans = append(spans, span{start + s.start, start + s.end, s.token})
			}
		}
	}
}

// hiddenInput returns the value of a tag if it is a hidden input whose name matches.
func hiddenInput(tag string, named func(name string) bool) (span, bool) {
	const input = "<input"
	if len(tag) <= len(input) || !strings.EqualFold(tag[:len(input)], input) || !strings.ContainsRune(htmlSpace+"/", rune(tag[len(input)])) {
		return span{}, false
	}
	attrs := attributes(tag, len(input), "type", "name", "value")
	hidden := strings.EqualFold(attrs["type"].token, "hidden")
	return attrs["value"], hidden && named(attrs["name"].token)
}
