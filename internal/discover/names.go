package discover

import (
	"slices"
	"strings"
	"unicode"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// wordsOf returns the words of a name in lower case: those of refreshToken, refresh_token
// and X-Refresh-Token are the same two at the end.
func wordsOf(name string) []string {
	var words []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	before := ' '
	for _, c := range name {
		switch {
		case !unicode.IsLetter(c) && !unicode.IsDigit(c):
			end()
		case unicode.IsUpper(c) && unicode.IsLower(before):
			end()
			word.WriteRune(unicode.ToLower(c))
		default:
			word.WriteRune(unicode.ToLower(c))
		}
		before = c
	}
	end()
	return words
}

// hasWord reports whether a name has one of the words.
func hasWord(name string, words ...string) bool {
	return slices.ContainsFunc(wordsOf(name), func(word string) bool { return slices.Contains(words, word) })
}

// isRefreshName reports whether a value of this name is a refresh token.
func isRefreshName(name string) bool {
	return hasWord(name, "refresh", "refreshtoken", "rt", "renew", "offline")
}

// isProtocolName reports whether a value of this name is part of a login and not its
// result: what protects from forgery, what a provider wants back, codes and hints.
func isProtocolName(name string) bool {
	return hasWord(name, "csrf", "xsrf", "csrftoken", "xsrftoken", "state", "nonce", "code", "request", "challenge", "verifier", "captcha", "recaptcha", "turnstile",
		"hint", "relaystate", "relay", "samlresponse", "samlrequest", "ticket", "otp", "mfa", "preauth", "assertion", "statement", "registration", "verification", "invite", "invitation", "reset")
}

// isCredentialName reports whether a field of this name signs a user in. Those of a client
// do not.
func isCredentialName(name string) bool {
	words := wordsOf(name)
	if len(words) > 0 && words[0] == "client" {
		return false
	}
	for _, word := range words {
		switch word {
		case "password", "passwd", "pass", "pwd", "passphrase", "passcode", "pin", "code", "otp", "totp", "mfa", "username", "login", "email", "mail", "phone",
			"credential", "credentials", "assertion", "samlresponse", "ticket", "signature", "secret":
			return true
		}
	}
	return len(words) == 1 && (words[0] == "user" || words[0] == "identifier")
}

// isTokenName reports whether a name is a usual one for access tokens or id_tokens.
func isTokenName(name string) bool {
	return hasWord(name, "token", "jwt", "accesstoken", "idtoken", "authtoken", "authorization", "bearer") && !isProtocolName(name) && !isRefreshName(name)
}

// isLogoutPath reports whether a path looks like the end of a session.
func isLogoutPath(path string) bool {
	letters := strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(path))
	return slices.ContainsFunc([]string{"logout", "signout", "logoff", "revoke", "endsession"}, func(word string) bool { return strings.Contains(letters, word) })
}

// endsSession reports whether a request looks like the end of a session, also as in
// DELETE /session.
func (st *step) endsSession() bool {
	if isLogoutPath(st.Path) || isLogoutRoute(st.RawQuery) {
		return true
	}
	last := strings.ToLower(st.Path[strings.LastIndexByte(st.Path, '/')+1:])
	return st.Method == "DELETE" && slices.Contains([]string{"session", "sessions", "login", "token", "tokens", "auth"}, last)
}

// isLogoutRoute reports whether a parameter of a query is the path of a logout, as in
// index.php?rest_route=/jwt/v1/revoke. An address to return to has a scheme or is not
// about a logout.
func isLogoutRoute(query string) bool {
	return slices.ContainsFunc(paramFields(inQuery, query), func(f field) bool {
		return strings.HasPrefix(f.value, "/") && !strings.HasPrefix(f.value, "//") && hasWord(f.name, "route", "path", "action", "r") && isLogoutPath(f.value)
	})
}

// isIDName reports whether a value of this name says who or what something is. It comes
// back in many requests and proves nothing.
func isIDName(name string) bool {
	words := wordsOf(name)
	return len(words) > 0 && slices.Contains([]string{"id", "uid", "uuid", "guid", "oid", "sub", "userid", "name", "email", "type", "url", "uri", "href", "at", "date", "scope", "version", "etag"}, words[len(words)-1]) ||
		hasWord(name, "device", "tenant", "client", "realm", "locale", "lang")
}

// fixed reports whether a name of a member, cookie or header is the same for all users. It
// is not if it is who somebody is. But a user who types the name of a token, as a test, hides
// nothing.
func (s shape) fixed(name string) bool {
	elements, _ := jsonedit.ParsePath(name) // a name can have a dot itself
	for _, element := range append(strings.Split(name, "."), elements...) {
		if s.tells(element) {
			return false
		}
		for word := range strings.FieldsFuncSeq(element, func(c rune) bool { return strings.ContainsRune(`-_\`, c) }) {
			if proxy.RedactPath(word) != word {
				return false
			}
		}
	}
	return len(name) <= 128 && !strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) })
}

// tells reports whether a name says who somebody is.
func (s shape) tells(name string) bool {
	name = strings.ToLower(name)
	return s.personal[name] && !isRouteWord(name) && (s.claimed[name] || !isTokenName(name))
}

// names reports whether a rule can name a location.
func (s shape) names(l locate.Location) bool {
	_, err := locate.Parse(l.String())
	return err == nil && s.fixed(locationName(l))
}

// show returns a name for a comment.
func (s shape) show(name string) string {
	if !s.fixed(name) {
		return "[redacted]"
	}
	return name
}

// showLocation returns a location for a comment.
func (s shape) showLocation(l locate.Location) string {
	in, name, named := strings.Cut(l.String(), ":")
	if !named || s.fixed(name) {
		return l.String()
	}
	return in + ":[redacted]"
}
