package oidc

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// Edits are the changes to the discovery document that clients see (law C4). The zero
// Edits change nothing.
type Edits struct {
	// Algorithms are the algorithms that the proxy signs with. [Edit] adds them to
	// the lists of signing algorithms of access tokens and id_tokens.
	Algorithms []string
	// UserInfo says that the proxy also signs responses of the userinfo endpoint. Then
	// [Edit] adds Algorithms to the list for userinfo too.
	UserInfo bool
	// Backend is the backend's private address, and PublicURL is the address that
	// clients use. Only scheme and host are used. If both are set, [Edit] replaces
	// Backend with PublicURL in every address.
	Backend, PublicURL *url.URL
}

// Edit returns the discovery document with the edits applied. All other bytes stay
// unchanged. Edit never adds a missing list or address, and never changes the issuer,
// because clients compare it with iss.
//
// Edit returns the document itself if there is nothing to change, if it cannot be
// parsed, and if it has signed_metadata, which takes precedence over the plain
// members (RFC 8414, section 2.1). A member that occurs twice stays as it is. Edit never
// writes to the document.
func Edit(document []byte, e Edits) []byte {
	object, err := jsonedit.ParseLenient(document)
	if err != nil || !absent(object.Value("signed_metadata")) {
		return document
	}
	edited := object.Clone()
	for name, value := range object.Members() {
		if with := e.member(name, value); !object.Repeats(name) && !bytes.Equal(with, value) {
			edited.Set(name, with)
		}
	}
	if bytes.Equal(edited.Bytes(), object.Bytes()) {
		return document
	}
	mark := document[:len(document)-len(object.Bytes())] // a byte order mark, or nothing
	return slices.Concat(mark, edited.Bytes())
}

// member returns the edited value of a member.
func (e Edits) member(name string, value []byte) []byte {
	switch {
	case name == "issuer":
		return value
	case e.signedByUs(name):
		return withAlgorithms(value, e.Algorithms)
	case e.Backend == nil || e.PublicURL == nil:
		return value
	case name == mtlsAliases:
		return e.aliases(value)
	}
	return e.addresses(value)
}

// signedByUs reports whether a member is the list of the algorithms of something that
// the proxy signs.
func (e Edits) signedByUs(list string) bool {
	switch list {
	case idTokenAlgorithms, "access_token_signing_alg_values_supported":
		return true
	case "userinfo_signing_alg_values_supported":
		return e.UserInfo
	}
	return false
}

// withAlgorithms returns a list with the missing algorithms appended. It returns a
// value that is not a list unchanged.
func withAlgorithms(list []byte, algorithms []string) []byte {
	if list[0] != '[' {
		return list
	}
	listed, _ := jsonedit.Strings(list, jsonedit.Path{"*"}) // no error: the document was parsed
	inside := bytes.TrimRight(list[:len(list)-1], " \t\r\n")
	edited := slices.Clone(inside)
	for _, algorithm := range algorithms {
		if slices.ContainsFunc(listed, func(s jsonedit.StringSpan) bool { return s.Value == algorithm }) {
			continue
		}
		if len(edited) > len("[") {
			edited = append(edited, ',')
		}
		edited = append(edited, jsonedit.Quote(algorithm)...)
		listed = append(listed, jsonedit.StringSpan{Value: algorithm})
	}
	return append(edited, list[len(inside):]...)
}

// aliases returns an object of addresses with each address edited.
func (e Edits) aliases(value []byte) []byte {
	object, err := jsonedit.Parse(value)
	if err != nil {
		return value
	}
	edited := object.Clone()
	for name, address := range object.Members() {
		if with := e.addresses(address); !bytes.Equal(with, address) {
			edited.Set(name, with)
		}
	}
	return edited.Bytes()
}

// addresses returns a string, or a list of strings, with each address edited.
func (e Edits) addresses(value []byte) []byte {
	var at jsonedit.Path
	switch value[0] {
	case '"':
	case '[':
		at = jsonedit.Path{"*"}
	default:
		return value
	}
	spans, _ := jsonedit.Strings(value, at) // no error: the document was parsed
	var edited []byte
	kept := 0 // value[:kept] is already in edited
	for _, s := range spans {
		base := s.Value[:baseLength(s.Value)]
		if !sameBase(base, e.Backend) {
			continue
		}
		edited = append(edited, value[kept:s.Start+1]...) // with the quote
		public := jsonedit.Quote(e.PublicURL.Scheme + "://" + e.PublicURL.Host)
		edited = append(edited, public[1:len(public)-1]...)
		kept = s.Start + literalLength(value[s.Start:s.End], base)
	}
	return append(edited, value[kept:]...)
}

// baseLength returns the length of the scheme and host of an address, and 0 if the
// text is not an address.
func baseLength(text string) int {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return 0
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return len(scheme) + len("://") + len(rest)
}

// sameBase reports whether a text has the scheme and host of u, and nothing else. It
// ignores case (RFC 3986, section 6.2.2.1), and a missing port is the default port.
func sameBase(text string, u *url.URL) bool {
	base, err := url.Parse(text)
	return err == nil && base.User == nil && base.Hostname() != "" &&
		strings.EqualFold(base.Scheme, u.Scheme) &&
		strings.EqualFold(base.Hostname(), u.Hostname()) && port(base) == port(u)
}

func port(u *url.URL) string {
	switch port := u.Port(); {
	case port != "":
		return port
	case strings.EqualFold(u.Scheme, "https"):
		return "443"
	}
	return "80"
}

// literalLength returns how many bytes of a JSON string, with its opening quote, encode
// a prefix of its text. These can be more bytes than the prefix has, because many
// backends escape slashes: http:\/\/.
func literalLength(literal []byte, prefix string) int {
	n := len(`"`) + len(prefix)
	for !unquotesTo(literal[:n], prefix) {
		n++
	}
	return n
}

// unquotesTo reports whether a JSON string without its closing quote has this text.
func unquotesTo(opened []byte, text string) bool {
	unquoted, ok := jsonedit.Unquote(append(slices.Clone(opened), '"'))
	return ok && unquoted == text
}
