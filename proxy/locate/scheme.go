package locate

import "strings"

// withoutScheme returns the span without an authentication scheme before the token: a word
// and blanks, as in JWT eyJ (RFC 9110, section 11.4). So the scheme stays when the token is
// replaced. The blanks may be escaped in the text. After Bearer the token may have any
// shape, and after another word that of a JWS, because two words could be anything.
func (s span) withoutScheme(text string) span {
	if !s.hasBlank() {
		return s // the usual case
	}
	i := strings.LastIndexAny(s.token, blanks)
	word, token := strings.TrimRight(s.token[:i], blanks), s.token[i+1:]
	switch {
	case strings.EqualFold(word, bearer):
		return s.withoutBearer(text)
	case word == "" || strings.ContainsFunc(word, notInToken) || !compact(token):
		return s
	}
	if before, ok := strings.CutSuffix(text[s.start:s.end], token); ok && endsWithBlank(before) {
		return span{s.end - len(token), s.end, token}
	}
	return s
}

func (s span) hasBlank() bool {
	return strings.IndexByte(s.token, ' ') >= 0 || strings.IndexByte(s.token, '\t') >= 0
}

const (
	bearer = "Bearer"
	blanks = " \t"
)

// withoutBearer returns the span without a leading "Bearer " (RFC 6750), in any case.
func (s span) withoutBearer(text string) span {
	token := strings.TrimLeft(s.token[len(bearer):], blanks)
	n := len(s.token) - len(bearer) - len(token)
	rest, ok := cutBlanks(text[s.start+len(bearer):s.end], n)
	if !ok {
		return s
	}
	return span{s.end - len(rest), s.end, token}
}

// escapedBlanks are the spellings of a space or a tab in urlencoded text and in JSON.
var escapedBlanks = []string{" ", "\t", "+", "%20", "%09", `\u0020`, `\u0009`, `\t`}

// cutBlanks removes n leading blanks, escaped or not.
func cutBlanks(text string, n int) (string, bool) {
	for range n {
		length := len(text)
		for _, blank := range escapedBlanks {
			if rest, ok := strings.CutPrefix(text, blank); ok {
				text = rest
				break
			}
		}
		if len(text) == length {
			return text, false
		}
	}
	return text, true
}

func endsWithBlank(text string) bool {
	for _, blank := range escapedBlanks {
		if strings.HasSuffix(text, blank) {
			return true
		}
	}
	return false
}
