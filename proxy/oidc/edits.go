package oidc

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// Edits are what clients are to see of a discovery document that the backend
// does not say (law C4). The zero Edits change nothing.
type Edits struct {
	// Algorithms are those that we sign with. The lists of algorithms that access
	// tokens and id_tokens are signed with gain what they lack.
	Algorithms []string
	// UserInfo says that answers of the userinfo endpoint are signed by us, too.
	UserInfo bool
	// Backend is the private address of the backend, and PublicURL the one that
	// clients type; both are scheme and host. If both are set, addresses that
	// begin with the one begin with the other instead.
	Backend, PublicURL *url.URL
}

// Edit returns a discovery document as clients are to see it. Nothing but the
// edits differs, to the byte; a list or address that is not there is not added,
// and the issuer never changes: clients compare it with iss. The document comes
// back as it is if there is nothing to change, if it does not parse, and if it
// is signed, for then what stands in it is not what counts (RFC 8414, section
// 2.1). The document is never written to.
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

// withAlgorithms appends to a list what it lacks. What is no list stays.
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

// baseLength is how much of an address is scheme and host, and 0 for what is no
// address.
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

// sameBase reports whether a text of nothing but scheme and host is that of u:
// neither has case (RFC 3986, section 6.2.2.1), and a usual port may be left out.
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

// literalLength is how many bytes of a JSON string, its opening quote included,
// say what it begins with. They are more than the text has where it is escaped:
// many backends write http:\/\/.
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
