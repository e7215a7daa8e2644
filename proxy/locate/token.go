package locate

import "strings"

// compact reports whether a token has the shape of a JWS in compact serialization:
// three base64url parts, none of them empty (RFC 7515, section 7.1). Other tokens
// are neither enriched nor restored.
func compact(token string) bool {
	dots, last := 0, -1
	for i := range len(token) {
		switch c := token[i]; {
		case c == '.' && i > last+1:
			dots, last = dots+1, i
		case !base64url[c]:
			return false
		}
	}
	return dots == 2 && last+1 < len(token)
}

// base64url has the bytes of base64url.
var base64url = func() (table [256]bool) {
	for c := range table {
		table[c] = !notBase64url(rune(c))
	}
	return table
}()

func notBase64url(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_':
		return false
	}
	return true
}

// tokenRuns returns the runs of token characters in a text that have the shape of a
// token. A run is as long as possible, so a part of a longer text is never taken for
// a token. An escape ends a run, because the characters of a token are never escaped
// (RFC 3986, section 2.3). So the 3D of %3D or the n of \n is not part of the token
// after it.
func tokenRuns(text string) []span {
	if strings.Count(text, ".") < 2 {
		return nil // the usual case
	}
	var spans []span
	for i := 0; i < len(text); {
		if n := escape(text[i:]); n > 0 {
			i += n
			continue
		}
		end := i
		for end < len(text) && (text[end] == '.' || base64url[text[end]]) {
			end++
		}
		if token := text[i:end]; compact(token) {
			spans = append(spans, span{i, end, token})
		}
		i = max(end, i+1)
	}
	return spans
}

// escapes are the escapes of URLs, and of strings in JSON, JavaScript and quoted
// cookies: a prefix and a number of hexadecimal digits.
var escapes = []struct {
	prefix string
	digits int
}{
	{"%", 2}, {`\u`, 4}, {`\x`, 2}, {`\0`, 2}, {`\b`, 0}, {`\f`, 0}, {`\n`, 0}, {`\r`, 0}, {`\t`, 0},
}

// escape returns the length of the escape at the start of a text, and 0 if there is
// none. The text must not be empty.
func escape(text string) int {
	if text[0] != '%' && text[0] != '\\' {
		return 0 // the usual case, and fast
	}
	for _, e := range escapes {
		if digits, ok := strings.CutPrefix(text, e.prefix); ok && startsWithDigits(digits, e.digits) {
			return len(e.prefix) + e.digits
		}
	}
	return 0
}

// startsWithDigits reports whether a text starts with n hexadecimal digits.
func startsWithDigits(text string, n int) bool {
	return len(text) >= n && strings.Trim(text[:n], "0123456789abcdefABCDEF") == ""
}
