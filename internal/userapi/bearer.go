package userapi

import (
	"net/http"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
)

// Bearer returns the token of a request (RFC 6750, section 2.1), and false if there is none
// or if it is not clear which. Only the header Authorization counts: a browser sends
// cookies with the requests of any page, but never this header unless the page has the
// token. So no page can send requests in the name of a user of another (CSRF).
func Bearer(r *http.Request) (token string, ok bool) {
	lines := r.Header["Authorization"]
	if len(lines) != 1 {
		return "", false
	}
	scheme, token, _ := strings.Cut(lines[0], " ")
	token = strings.TrimLeft(token, " ")
	if !strings.EqualFold(scheme, "Bearer") || len(token) > enrich.MaxToken || !isToken68(token) {
		return "", false
	}
	return token, true
}

// isToken68 reports whether a text has the form of a token (RFC 9110, section 11.2).
func isToken68(text string) bool {
	text = strings.TrimRight(text, "=")
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("-._~+/", c) >= 0:
		default:
			return false
		}
	}
	return text != ""
}
