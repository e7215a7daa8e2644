package locate

import "strings"

// compact reports whether a token could be a JWS in compact serialization:
// three parts, none empty (RFC 7515, section 7.1). Nothing else is ever
// enriched or restored.
func compact(token string) bool {
	if strings.Count(token, ".") != 2 {
		return false
	}
	for part := range strings.SplitSeq(token, ".") {
		if part == "" || strings.ContainsFunc(part, notBase64url) {
			return false
		}
	}
	return true
}

func notBase64url(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_':
		return false
	}
	return true
}

// tokenRuns returns the longest possible runs of token characters in a text that
// have the shape of a token, so that none is a part of something longer. An
// escape ends a run: nobody escapes the characters of a token (RFC 3986, section
// 2.3), and the 3D of %3D or the n of \n before one is none of it.
func tokenRuns(text string) []span {
	var spans []span
	for i := 0; i < len(text); {
		if n := escape(text[i:]); n > 0 {
			i += n
			continue
		}
		end := i
		for end < len(text) && (text[end] == '.' || !notBase64url(rune(text[end]))) {
			end++
		}
		if token := text[i:end]; compact(token) {
			spans = append(spans, span{i, end, token})
		}
		i = max(end, i+1)
	}
	return spans
}

// escapes are those of URLs, and of strings in JSON, JavaScript and quoted
// cookies, by what they begin with and how many digits follow.
var escapes = []struct {
	begin  string
	digits int
}{
	{"%", 2}, {`\u`, 4}, {`\x`, 2}, {`\0`, 2}, {`\b`, 0}, {`\f`, 0}, {`\n`, 0}, {`\r`, 0}, {`\t`, 0},
}

// escape returns how long the escape is that a text begins with, 0 for none.
func escape(text string) int {
	if text[0] != '%' && text[0] != '\\' {
		return 0 // as nearly everywhere
	}
	for _, e := range escapes {
		if digits, ok := strings.CutPrefix(text, e.begin); ok && startsWithDigits(digits, e.digits) {
			return len(e.begin) + e.digits
		}
	}
	return 0
}

// startsWithDigits reports whether a text starts with n hexadecimal digits.
func startsWithDigits(text string, n int) bool {
	return len(text) >= n && strings.Trim(text[:n], "0123456789abcdefABCDEF") == ""
}
