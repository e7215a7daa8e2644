package locate

import (
	"iter"
	"net/url"
	"strings"
)

// params returns the values of all parameters of this name in the urlencoded
// text[start:end], of which any of the separators ends a parameter. Names are
// compared decoded.
func params(text string, start, end int, separators, name string) []span {
	var spans []span
	for start < end {
		stop := end
		if i := strings.IndexAny(text[start:end], separators); i >= 0 {
			stop = start + i
		}
		if key, value, ok := strings.Cut(text[start:stop], "="); ok && decoded(key) == name {
			spans = append(spans, span{stop - len(value), stop, decoded(value)})
		}
		start = stop + 1
	}
	return spans
}

// pairs returns the decoded names and values of a urlencoded form.
func pairs(text string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for pair := range strings.SplitSeq(text, "&") {
			name, value, _ := strings.Cut(pair, "=")
			if !yield(decoded(name), decoded(value)) {
				return
			}
		}
	}
}

// decoded undoes percent-encoding. A text that is wrongly encoded stays as it is.
func decoded(text string) string {
	if value, err := url.QueryUnescape(text); err == nil {
		return value
	}
	return text
}
