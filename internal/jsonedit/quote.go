package jsonedit

import "github.com/go-json-experiment/json/jsontext"

// Quote returns s as a JSON string with as few escapes as possible. Invalid UTF-8 in
// s becomes the replacement character U+FFFD.
func Quote(s string) []byte { return AppendQuote(nil, s) }

// AppendQuote is like [Quote], and appends the string.
func AppendQuote(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s)
	return dst
}

// Unquote returns the unescaped text of a JSON string, and false if the value is
// not a valid string.
func Unquote(value []byte) (string, bool) {
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	if isPlain(value) {
		return string(value[1 : len(value)-1]), true
	}
	text, err := jsontext.AppendUnquote(nil, value)
	return string(text), err == nil
}

// IsText reports whether a value is a JSON string with this unescaped text. It is like
// comparing the result of [Unquote], but nearly never allocates.
func IsText(value []byte, text string) bool {
	if isPlain(value) {
		return string(value[1:len(value)-1]) == text
	}
	unquoted, ok := Unquote(value)
	return ok && unquoted == text
}

// isPlain reports whether a value is a JSON string that has its unescaped text between its
// quotes: ASCII without escapes.
func isPlain(value []byte) bool {
	if len(value) < len(`""`) || value[0] != '"' || value[len(value)-1] != '"' {
		return false
	}
	text := value[1 : len(value)-1]
	return plainLength(text) == len(text)
}
