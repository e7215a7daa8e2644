package locate

import (
	"net/http"
	"net/url"
	"strings"
)

// setCookieValue returns the value of the cookie in a Set-Cookie line if the cookie
// has this name. A line that deletes the cookie has none, unless its value could be
// a token: some backends delete with a word such as deleted.
func setCookieValue(text, name string) []span {
	pair, attributes, _ := strings.Cut(text, ";")
	values := cookieValue(text, 0, len(pair), name)
	if len(values) > 0 && strings.Count(values[0].token, ".") < 2 && deletesCookie(attributes) {
		return nil
	}
	return values
}

// deletesCookie reports whether the attributes of a Set-Cookie line make a client delete
// the cookie now (RFC 6265, section 5.2). Backends delete with a time before 2000.
func deletesCookie(attributes string) bool {
	if !strings.Contains(attributes, "=") {
		return false
	}
	cookie, err := http.ParseSetCookie("a=b;" + attributes)
	return err == nil && (cookie.MaxAge < 0 || cookie.MaxAge == 0 && !cookie.Expires.IsZero() && cookie.Expires.Year() < 2000)
}

// cookieValues returns the values of all cookies of this name in a line of the
// Cookie header.
func cookieValues(text, name string) []span {
	var spans []span
	for start := 0; start < len(text); {
		pair, _, _ := strings.Cut(text[start:], ";")
		spans = append(spans, cookieValue(text, start, start+len(pair), name)...)
		start += len(pair) + len(";")
	}
	return spans
}

// cookieValue returns the value of the pair text[start:end] if it has this name. The
// span does not include the quotes that RFC 6265 allows around the value, so they
// stay in the text.
func cookieValue(text string, start, end int, name string) []span {
	key, _, ok := strings.Cut(text[start:end], "=")
	if !ok || strings.TrimSpace(key) != name {
		return nil
	}
	s := trimmed(text, start+len(key)+len("="), end)
	if n := len(s.token); n >= 2 && s.token[0] == '"' && s.token[n-1] == '"' {
		s = span{s.start + 1, s.end - 1, s.token[1 : n-1]}
	}
	if value, err := url.PathUnescape(s.token); err == nil {
		s.token = value
	}
	return []span{s}
}

// cookieName returns the name of the cookie at the start of a text.
func cookieName(text string) string {
	name, _, _ := strings.Cut(text, "=")
	return strings.TrimSpace(name)
}
