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

// runs returns the longest possible runs of token characters in a text that
// have the shape of a token, so that none is a part of something longer. A
// percent-encoded byte ends a run: nobody encodes the characters of a token
// (RFC 3986, section 2.3), and the digits of %3D before one are none of it.
func runs(text string) []span {
	var spans []span
	for i := 0; i < len(text); {
		if escaped(text[i:]) {
			i += len("%20")
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

func escaped(text string) bool {
	return len(text) >= 3 && text[0] == '%' && hexDigit(text[1]) && hexDigit(text[2])
}

func hexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
