package proxy

import (
	"net/url"
	"strings"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// An echo tells tokens that the backend may have copied from the client's request, for
// example in the address that it redirects to, from those that it issued.
type echo struct {
	request locate.Request
	texts   []string // the parts of the request, each as it is and decoded; set by the first call of has
}

// has reports whether a token occurs in the query, the path or the body of the request.
func (e *echo) has(token string) bool {
	if e.texts == nil {
		for _, text := range []string{e.request.Query, e.request.Path, string(e.request.Body)} {
			e.texts = append(e.texts, decodings(text)...)
		}
	}
	for _, text := range e.texts {
		if len(token) <= len(text) && strings.Contains(text, token) {
			return true
		}
	}
	return false
}

// decodings returns a text as it is, and with its percent-encoding removed once, twice
// and three times: a redirect_uri in a query can have a query of its own.
func decodings(text string) []string {
	texts := []string{text}
	for range 3 {
		decoded := decodeLoosely(text)
		if decoded == text {
			break
		}
		texts = append(texts, decoded)
		text = decoded
	}
	return texts
}

// decodeLoosely removes percent-encoding where it is valid. The characters of a token
// can be encoded, but nothing else matters here.
func decodeLoosely(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	if decoded, err := url.PathUnescape(text); err == nil {
		return decoded
	}
	var b strings.Builder
	for text != "" {
		before, after, found := strings.Cut(text, "%")
		b.WriteString(before)
		if !found {
			break
		}
		if len(after) >= 2 {
			if decoded, err := url.PathUnescape("%" + after[:2]); err == nil {
				b.WriteString(decoded)
				text = after[2:]
				continue
			}
		}
		b.WriteByte('%')
		text = after
	}
	return b.String()
}
