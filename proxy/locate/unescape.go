package locate

import "strings"

// A charEscape is how a character is escaped: a prefix, the base, and the number of digits.
// In HTML any number of digits follows, and a semicolon that may be missing.
type charEscape struct {
	prefix       string
	base, digits int
}

// charEscapes are escapes of one character in URLs, JSON, JavaScript and HTML, by their
// first character.
var charEscapes = map[byte][]charEscape{
	'%':  {{"%", 16, 2}, {"%u", 16, 4}},
	'\\': {{`\u`, 16, 4}, {`\x`, 16, 2}, {`\`, 8, 3}},
	'&':  {{"&#x", 16, 0}, {"&#X", 16, 0}, {"&#", 10, 0}},
}

// namedEscapes are the named characters of HTML that a token can have.
var namedEscapes = map[string]byte{"&period;": '.', "&lowbar;": '_', "&UnderBar;": '_'}

// unescaped returns a text with the escapes of ASCII characters replaced by the
// characters, and without NULs. Every other escape becomes a space.
func unescaped(text string) string {
	if !strings.ContainsAny(text, "%\\&\x00") {
		return text // the usual case
	}
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); {
		var char byte
		n := 0
		if c := text[i]; c == '%' || c == '\\' || c == '&' {
			char, n = unescapedChar(text[i:])
		}
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

// unescapedChar returns the character of the escape at the start of a text, and the length
// of the escape. The length is 0 if there is none. Characters outside ASCII are spaces.
func unescapedChar(text string) (char byte, length int) {
	for _, e := range charEscapes[text[0]] {
		digits, ok := strings.CutPrefix(text, e.prefix)
		if !ok {
			continue
		}
		n, end := e.digits, 0
		if e.digits == 0 {
			n, end = htmlDigits(digits, e.base)
		}
		if n == 0 || n > len(digits) {
			continue
		}
		if code, ok := number(digits[:n], e.base); ok {
			return code, len(e.prefix) + n + end
		}
	}
	if text[0] == '&' {
		return namedEscape(text)
	}
	return 0, 0
}

// htmlDigits returns the number of digits at the start of a text, and the length of what
// ends them.
func htmlDigits(text string, base int) (n, end int) {
	const most = 16 // a real one has at most 7
	for n < min(len(text), most) && digit(text[n]) < base {
		n++
	}
	if strings.HasPrefix(text[n:], ";") {
		end = 1
	}
	return n, end
}

// number returns the character with a number, and a space if it is not in ASCII. It makes
// no error, because clients can send many broken escapes.
func number(digits string, base int) (char byte, ok bool) {
	code := 0
	for _, c := range []byte(digits) {
		value := digit(c)
		if value >= base {
			return 0, false
		}
		code = min(code*base+value, 0x80)
	}
	if code == 0x80 {
		return ' ', true
	}
	return byte(code), true
}

// digit returns the value of a hexadecimal digit, and 16 for any other character.
func digit(c byte) int {
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

func namedEscape(text string) (char byte, length int) {
	for name, char := range namedEscapes {
		if strings.HasPrefix(text, name) {
			return char, len(name)
		}
	}
	return 0, 0
}
