package locate

import (
	"net/url"
	"slices"
	"strings"
)

// signs are what the fields of a body, of a query or of cookies say about a request.
type signs struct {
	fields     int
	grants     int    // fields that are named grant_type exactly
	grantType  string // the value of the last of them
	odd        bool   // a field could be a grant_type for some parser, but is not named or placed like one
	refresh    bool   // a field has refresh in its name, and a value
	says       bool   // a value says refresh or renew, such as an action or a GraphQL query
	credential bool   // a field has the name of a credential
	other      bool   // a field is neither a refresh token nor harmless
	foreign    bool   // a field is none of these, and not a credential of a client
	invalid    bool   // not every parser reads the text
	polyglot   bool   // the text could also be read as another kind of body
}

// maxFields is how many fields are looked at. Some parsers ignore those after the
// thousandth.
const maxFields = 500

// add adds a field. plain says that every parser sees it as a field with a text.
func (s *signs) add(name, value string, plain bool) {
	s.fields++
	if name == "grant_type" && plain {
		s.grants++
		s.grantType = value
		return
	}
	if known, ok := usualFields[name]; ok && value != "" {
		s.addKnown(known)
		return
	}
	letters := lettersOf(name)
	if strings.Contains(letters, "granttype") {
		s.odd = true
		return
	}
	s.note(letters, value != "")
}

// usualFields are what the fields of most forms say. They are looked up, because each field
// is otherwise compared with all lists of words.
var usualFields = func() map[string]signs {
	fields := map[string]signs{}
	for _, name := range []string{
		"username", "password", "email", "client_id", "client_secret", "scope", "audience", "resource", "redirect_uri", "code", "code_verifier", "refresh_token",
	} {
		var s signs
		s.note(lettersOf(name), true)
		fields[name] = s
	}
	return fields
}()

// addKnown adds what a field says.
func (s *signs) addKnown(field signs) {
	s.credential = s.credential || field.credential
	s.refresh = s.refresh || field.refresh
	s.other = s.other || field.other
	s.foreign = s.foreign || field.foreign
}

// note adds a field that is not a grant_type, by the letters of its name.
func (s *signs) note(letters string, hasValue bool) {
	switch refresh := mentionsRefresh(letters); {
	case isCredential(letters):
		s.credential = true
		s.refresh = s.refresh || refresh
	case refresh:
		s.refresh = true
		s.other = s.other || !hasValue
	case !slices.Contains(harmless, letters):
		s.other = true
		s.foreign = s.foreign || !isClientCredential(letters)
	}
}

func (s *signs) mentionsGrant() bool { return s.grants > 0 || s.odd || s.invalid }

// lettersOf returns the letters of a name in lower case. Parsers disagree about the rest:
// case, escapes, brackets, NUL, dots and blanks. Those that ignore case take the long s and
// the Kelvin sign for letters.
func lettersOf(name string) string {
	for i := 0; i < maxDecodings && strings.Contains(name, "%"); i++ {
		decoded, err := url.QueryUnescape(name)
		if err != nil {
			break
		}
		name = decoded
	}
	return strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z':
			return c
		case 'A' <= c && c <= 'Z':
			return c + 'a' - 'A'
		case c == 'ſ':
			return 's'
		case c == '\u212a': // the Kelvin sign
			return 'k'
		}
		return -1
	}, name)
}

// isCredential reports whether a field with these letters signs a user in. Those of a
// client do not: clients send them with every grant (RFC 6749, section 2.3.1).
func isCredential(letters string) bool {
	if isClientCredential(letters) {
		return false
	}
	return slices.Contains(credentialNames, letters) || strings.HasSuffix(letters, credentialEnd) || containsAny(letters, credentials)
}

// isClientCredential reports whether a field with these letters is of a client.
func isClientCredential(letters string) bool {
	return slices.Contains(clientCredentials, letters)
}

// isHarmlessCookie reports whether a cookie cannot be a credential: it protects from forgery,
// measures visits or remembers a choice.
func isHarmlessCookie(name string) bool {
	lower := strings.ToLower(name)
	for _, prefix := range harmlessCookies {
		if strings.HasPrefix(lower, prefix) && !mentionsRefresh(lower) {
			return true
		}
	}
	return false
}
