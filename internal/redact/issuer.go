package redact

import (
	"net/url"
	"strings"
)

// Issuer returns the issuer of a token in quotes, if it looks like one: an address or a
// plain name. It returns [Hidden] for any other text, which could identify a user.
func Issuer(text string) string {
	const longest = 200
	u, err := url.Parse(text)
	switch {
	case err != nil, len(text) > longest:
		return Hidden
	case u.Scheme != "http" && u.Scheme != "https":
		if text == "" || !LooksNamed(text) {
			return Hidden
		}
		return Word(text)
	case u.Host == "", u.User != nil, u.RawQuery != "", u.Fragment != "", strings.Contains(text, "/eyJ"), strings.ContainsFunc(text, notInWord):
		return Hidden
	}
	return `"` + text + `"`
}
