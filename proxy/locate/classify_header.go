package locate

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// basicClient returns the id of the client in an Authorization line with the scheme Basic:
// as it is, and without the encoding of RFC 6749, section 2.3.1. It returns no id if there
// is no line, and false if there are several, or one that backends may read differently.
func basicClient(h http.Header) (id []string, ok bool) {
	lines := h[authorization.name]
	if len(lines) == 0 {
		return nil, true
	}
	credential, ok := parseBasic(lines[0])
	return []string{credential.user, decoded(credential.user)}, ok && len(lines) == 1
}

// hasCredentialHeader reports whether a header could sign a user in.
func hasCredentialHeader(h http.Header) bool {
	for name := range h {
		if isCredentialHeader(name) {
			return true
		}
	}
	return false
}

func isCredentialHeader(name string) bool {
	letters := lettersOf(name)
	return (mentionsOTP(name) || containsAny(letters, credentialHeaders)) && !containsAny(letters, forgeryWords) && !mentionsRefresh(letters)
}

// hasUserHeader is hasCredentialHeader, but ignores the header of a client that signs in
// with Basic (RFC 6749, section 2.3.1).
func hasUserHeader(h http.Header) bool {
	for name, lines := range h {
		basic := name == authorization.name && !slices.ContainsFunc(lines, func(line string) bool {
			scheme, _, _ := strings.Cut(line, " ")
			return !strings.EqualFold(scheme, "Basic")
		})
		if !basic && isCredentialHeader(name) {
			return true
		}
	}
	return false
}

// hasPasswordHeader reports whether a header has what only users sign in with.
func hasPasswordHeader(h http.Header) bool {
	for name := range h {
		letters := lettersOf(name)
		if mentionsOTP(name) || strings.Contains(letters, "password") || strings.Contains(letters, "username") {
			return true
		}
	}
	return false
}

// mentionsOTP reports whether a header could have a one-time password. Its name keeps its
// hyphens: IoT-Platform has none.
func mentionsOTP(name string) bool { return strings.Contains(strings.ToLower(name), otpWord) }

// A letterSet is a set of letters without case: bit 0 is a.
type letterSet uint32

// lettersIn returns the letters of a name. It returns all of them for a name that could have
// letters in other spellings.
func lettersIn(name string) (set letterSet) {
	for i := range len(name) {
		switch c := name[i] | 0x20; {
		case 'a' <= c && c <= 'z':
			set |= 1 << (c - 'a')
		case c == '%', c >= utf8.RuneSelf:
			return ^letterSet(0)
		}
	}
	return set
}

// refreshLetters are the letters of each of the refreshWords.
var refreshLetters = func() (sets []letterSet) {
	for _, word := range refreshWords {
		sets = append(sets, lettersIn(word))
	}
	return sets
}()

// maySayRefresh reports whether a name has all letters of one of the refreshWords. Nearly no
// name of a header has, and those are not copied.
func maySayRefresh(name string) bool {
	letters := lettersIn(name)
	for _, word := range refreshLetters {
		if letters&word == word {
			return true
		}
	}
	return false
}

// headerSaysRefresh reports whether a header has refresh or renew in its name, or
// Authorization in its scheme. Some backends take the refresh token from there.
func headerSaysRefresh(h http.Header) bool {
	for name := range h {
		if maySayRefresh(name) && saysRefresh(lettersOf(name)) {
			return true
		}
	}
	return slices.ContainsFunc(h[authorization.name], func(line string) bool {
		scheme, _, _ := strings.Cut(line, " ")
		return saysRefresh(scheme)
	})
}
