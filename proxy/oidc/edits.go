package oidc

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// Edits say how the discovery document that clients see differs from the
// backend's (law C4). The zero Edits change nothing.
type Edits struct {
	// Algorithms are those that the proxy signs with. [Edit] adds them to the
	// lists of signing algorithms of access tokens and id_tokens.
	Algorithms []string
	// UserInfo says that the proxy also signs responses of the userinfo endpoint.
	UserInfo bool
	// Backend is the backend's private address and PublicURL the one that clients
	// use, both scheme and host. If both are set, [Edit] replaces Backend with
	// PublicURL in every address.
	Backend, PublicURL *url.URL
}

// Edit returns the discovery document that clients see. All other bytes stay. Edit
// adds no list or address that is missing, and never changes the issuer, because
// clients compare it with iss. It returns the document itself if there is nothing
// to change, if it does not parse, and if it has signed_metadata, which takes
// precedence over the plain members (RFC 8414, section 2.1). It never writes to the
// document.
func Edit(document []byte, e Edits) []byte {
	object, err := jsonedit.Parse(document)
	if err != nil || !absent(object.Value("signed_metadata")) {
		return document
	}
	edited := object.Clone()
	for name, value := range object.Members() {
		if with := e.member(name, value); !bytes.Equal(with, value) {
			edited.Set(name, with)
		}
	}
	return edited.Bytes()
}

// member returns what a member's value becomes.
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

func (e Edits) signedByUs(list string) bool {
	switch list {
	case idTokenAlgorithms, "access_token_signing_alg_values_supported":
		return true
	case "userinfo_signing_alg_values_supported":
		return e.UserInfo
	}
	return false
}

// withAlgorithms appends the algorithms that a list does not contain. A value that
// is not a list stays.
func withAlgorithms(list []byte, algorithms []string) []byte {
	if list[0] != '[' {
		return list
	}
	listed, _ := jsonedit.Strings(list, jsonedit.Path{"*"}) // the document parsed
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

// aliases rewrites the addresses of an object of addresses.
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

// addresses rewrites a string, or the strings of a list.
func (e Edits) addresses(value []byte) []byte {
	var at jsonedit.Path
	switch value[0] {
	case '"':
	case '[':
		at = jsonedit.Path{"*"}
	default:
		return value
	}
	spans, _ := jsonedit.Strings(value, at) // the document parsed
	var edited []byte
	kept := 0 // up to where value is in edited
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

// baseLength is the length of an address's scheme and host, and 0 for a text that
// is not an address.
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

// sameBase reports whether a text of only scheme and host is the base of u. Letter
// case does not count (RFC 3986, section 6.2.2.1), and the default port may be
// missing.
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

// literalLength returns how many bytes of a JSON string, with its opening quote,
// encode the text that it begins with. An escaped text takes more bytes than it
// has: many backends write http:\/\/.
func literalLength(literal []byte, begin string) int {
	n := len(`"`) + len(begin)
	for !startsWith(literal[:n], begin) {
		n++
	}
	return n
}

func startsWith(opened []byte, text string) bool {
	unquoted, ok := jsonedit.Unquote(append(slices.Clone(opened), '"'))
	return ok && unquoted == text
}
