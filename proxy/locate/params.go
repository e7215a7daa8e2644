package locate

import (
	"iter"
	"net/url"
	"strings"
)

// params returns the values of all parameters of this name in text[start:end], which
// is urlencoded. Each character of separators ends a parameter. Names are decoded
// before they are compared.
func params(text string, start, end int, separators, name string) []span {
	var spans []span
	for _, s := range paramsOf(text, start, end, separators, func(other string) bool { return other == name }) {
		spans = append(spans, s)
	}
	return spans
}

// paramsOf yields the name and the value of each parameter whose name is wanted, in one
// pass over text[start:end].
func paramsOf(text string, start, end int, separators string, wanted func(name string) bool) iter.Seq2[string, span] {
	return func(yield func(string, span) bool) {
		for start < end {
			stop := end
			if i := strings.IndexAny(text[start:end], separators); i >= 0 {
				stop = start + i
			}
			if stop == start {
				start++
				continue // a flood of separators costs next to nothing
			}
			key, value, ok := strings.Cut(text[start:stop], "=")
			if name := decoded(key); ok && wanted(name) && !yield(name, span{stop - len(value), stop, decoded(value)}) {
				return
			}
			start = stop + 1
		}
	}
}

// pairs yields the decoded names and values of a urlencoded form.
func pairs(text string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for pair := range strings.SplitSeq(text, "&") {
			if pair == "" {
				continue
			}
			name, value, _ := strings.Cut(pair, "=")
			if !yield(decoded(name), decoded(value)) {
				return
			}
		}
	}
}

// decoded removes percent-encoding. It returns a text with invalid encoding unchanged.
func decoded(text string) string {
	if value, err := url.QueryUnescape(text); err == nil {
		return value
	}
	return text
}
