package locate

import (
	"strconv"
	"strings"
)

// charEscapes are escapes of one character in URLs, JSON, JavaScript and HTML: a prefix,
// the base and the largest number of digits, and what ends them.
var charEscapes = []struct {
	prefix       string
	base, digits int
	end          string
}{
	{"%", 16, 2, ""}, {`\u`, 16, 4, ""}, {`\x`, 16, 2, ""}, {"&#x", 16, 6, ";"}, {"&#X", 16, 6, ";"}, {"&#", 10, 7, ";"},
}

// unescaped returns a text with the escapes of ASCII characters replaced by the
// characters, and without NULs. Every other escape becomes a space.
func unescaped(text string) string {
	if !strings.ContainsAny(text, "%\\&\x00") {
		return text // the usual case
	}
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); {
		char, n := charEscape(text[i:])
		switch {
		case n > 0:
			b.WriteByte(char)
		case text[i] == 0:
			n = 1
		case strings.HasPrefix(text[i:], `\\`):
			b.WriteByte('\\') // the next level may be an escape
			n = 2
		case text[i] == '\\' && i+1 < len(text):
			b.WriteByte(' ')
			n = 2
		default:
			b.WriteByte(text[i])
			n = 1
		}
		i += n
	}
	return b.String()
}

// charEscape returns the character of the escape at the start of a text, and the length
// of the escape. The length is 0 if there is none. Characters outside ASCII are spaces.
func charEscape(text string) (char byte, length int) {
	switch text[0] {
	case '%', '\\', '&':
	default:
		return 0, 0 // fast
	}
	for _, e := range charEscapes {
		digits, ok := strings.CutPrefix(text, e.prefix)
		if !ok {
			continue
		}
		n := min(len(digits), e.digits)
		if e.end != "" {
			n = strings.Index(digits[:min(len(digits), e.digits+1)], e.end)
		}
		if n <= 0 || e.end == "" && n < e.digits || hexValue(digits[0]) >= e.base {
			continue // also because the error of ParseUint is expensive
		}
		code, err := strconv.ParseUint(digits[:n], e.base, 32)
		if err != nil {
			continue
		}
		if code >= 0x80 {
			code = ' '
		}
		return byte(code), len(e.prefix) + n + len(e.end)
	}
	return 0, 0
}

// hexValue returns the value of a hexadecimal digit, and 16 for any other character.
func hexValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return 16
}
