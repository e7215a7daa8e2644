package userheaders

import (
	"net/http"
	"strings"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A place is a header or a cookie.
type place struct {
	name   string
	cookie bool
}

func placeOf(l locate.Location) place {
	_, name, _ := strings.Cut(l.String(), ":")
	return place{name, l.InCookie()}
}

// token returns the token at the place. A request that has it more than once has none,
// because the backend could take another one.
func (p place) token(h http.Header) (token string, ok bool) {
	if p.cookie {
		return cookie(h, p.name)
	}
	lines := h.Values(p.name)
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
