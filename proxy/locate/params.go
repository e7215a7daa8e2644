package locate

import (
	"bytes"
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

// formValue returns the decoded value of the first field of this name in a urlencoded form.
// A field without a sign of equality has an empty value.
func formValue(form []byte, name string) (value string, ok bool) {
	if !bytes.Contains(form, []byte(name)) && bytes.IndexByte(form, '%') < 0 && bytes.IndexByte(form, '+') < 0 {
		return "", false // the usual case
	}
	for len(form) > 0 {
		var field []byte
		field, form, _ = bytes.Cut(form, []byte("&"))
		key, value, _ := bytes.Cut(field, []byte("="))
		if isFieldName(key, name) && len(field) > 0 {
			return decoded(string(value)), true
		}
	}
	return "", false
}

// isFieldName reports whether a name, as it is in a form, is this name.
func isFieldName(key []byte, name string) bool {
	if bytes.IndexByte(key, '%') < 0 && bytes.IndexByte(key, '+') < 0 {
		return string(key) == name // the usual case: no copy
	}
	return decoded(string(key)) == name
}

// decoded removes percent-encoding. It returns a text with invalid encoding unchanged.
func decoded(text string) string {
	if value, err := url.QueryUnescape(text); err == nil {
		return value
	}
	return text
}
