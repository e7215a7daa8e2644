package userheaders

import (
	"net/http"
	"strings"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// tokenAt returns the token at a header or cookie. A request that has it more than once has
// none, because the backend could take another one.
func tokenAt(place locate.Location, h http.Header) (token string, ok bool) {
	_, name, _ := strings.Cut(place.String(), ":")
	if place.InCookie() {
		return cookie(h, name)
	}
	lines := h.Values(name)
	if len(lines) != 1 {
		return "", false
	}
	return withoutScheme(lines[0]), true
}

func cookie(h http.Header, name string) (value string, ok bool) {
	cookies := (&http.Request{Header: h}).CookiesNamed(name)
	if len(cookies) != 1 {
		return "", false
	}
	return cookies[0].Value, true
}

// withoutScheme removes the scheme Bearer, in any case (RFC 9110, section 11.1).
func withoutScheme(line string) string {
	const bearer = "bearer "
	line = strings.TrimSpace(line)
	if len(line) > len(bearer) && strings.EqualFold(line[:len(bearer)], bearer) {
		return strings.TrimLeft(line[len(bearer):], " ")
	}
	return line
}
