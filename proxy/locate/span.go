package locate

import "strings"

// A span is a value in a text: the bytes text[start:end]. token is the value
// unescaped.
type span struct {
	start, end int
	token      string
}

// trimmed returns the span of text[start:end] without white space around it.
func trimmed(text string, start, end int) span {
	const space = " \t\r\n\f\v"
	value := strings.TrimLeft(text[start:end], space)
	start = end - len(value)
	value = strings.TrimRight(value, space)
	return span{start, start + len(value), value}
}

// first returns the value of the first span, or "" if there is none.
func first(spans []span) string {
	if len(spans) == 0 {
		return ""
	}
	return spans[0].token
}
