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

const bearer = "Bearer"

// withoutBearer returns the span without a leading "Bearer " (RFC 6750), in any case.
// So the scheme stays when the token is replaced. The space may be escaped in the
// text.
func (s span) withoutBearer(text string) span {
	if len(s.token) <= len(bearer) || !strings.EqualFold(s.token[:len(bearer)], bearer) {
		return s
	}
	token := strings.TrimLeft(s.token[len(bearer):], " ")
	blanks := len(s.token) - len(bearer) - len(token)
	if blanks == 0 {
		return s
	}
	rest, ok := cutBlanks(text[s.start+len(bearer):s.end], blanks)
	if !ok {
		return s
	}
	return span{s.end - len(rest), s.end, token}
}

// cutBlanks removes n leading spaces, percent-encoded or not.
func cutBlanks(text string, n int) (string, bool) {
	for range n {
		switch {
		case strings.HasPrefix(text, " "), strings.HasPrefix(text, "+"):
			text = text[1:]
		case strings.HasPrefix(text, "%20"):
			text = text[3:]
		default:
			return text, false
		}
	}
	return text, true
}

// tokens returns the values of spans.
func tokens(spans []span) []string {
	values := make([]string, len(spans))
	for i, s := range spans {
		values[i] = s.token
	}
	return values
}

// first returns the value of the first span, or "" if there is none.
func first(spans []span) string {
	if len(spans) == 0 {
		return ""
	}
	return spans[0].token
}
