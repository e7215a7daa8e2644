package locate

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// A Location is a place in a message where a token is, as a rule names it:
//
//	json:PATH      string members of a JSON body; dots reach into objects and arrays
//	header:NAME    every line of a header
//	cookie:NAME    a cookie
//	fragment:NAME  a parameter in the fragment of a redirect's Location
//	query:NAME     a parameter in the query of a redirect's Location; in a request, of its URL
//	form:NAME      a hidden input of an HTML form_post page; in a request, a urlencoded form field
//	body           the whole body
//
// A redirect's value may be packed, token$other$other: then the token is its
// first part.
//
// It is comparable, and made by [Parse] or UnmarshalText only. The zero Location
// is nowhere: no message has a token there.
type Location struct {
	in   in
	name string // as written: a path, a name; empty for the body
}

// WholeBody is the location "body".
var WholeBody = Location{in: inBody}

// in is the part of a message that a location reaches into.
type in string

const (
	inJSON     in = "json"
	inHeader   in = "header"
	inCookie   in = "cookie"
	inFragment in = "fragment"
	inQuery    in = "query"
	inForm     in = "form"
	inBody     in = "body"
)

// Parse parses a location as a rule writes it, such as "json:access_token". The
// error says what is allowed.
func Parse(text string) (Location, error) {
	word, name, named := strings.Cut(text, ":")
	l := Location{in: in(word), name: name}
	if err := l.check(named); err != nil {
		return Location{}, fmt.Errorf("location %q: %w", text, err)
	}
	return l, nil
}

// MustParse is [Parse] for locations that stand in a program. It panics if one is
// wrong.
func MustParse(text string) Location {
	l, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return l
}

// UnmarshalText is [Parse] for files.
func (l *Location) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err == nil {
		*l = parsed
	}
	return err
}

// check reports what is wrong with a location; named says that it has a colon.
func (l Location) check(named bool) error {
	switch l.in {
	case inBody:
		if named {
			return errors.New("body is the whole body and takes no name")
		}
		return nil
	case inJSON, inHeader, inCookie, inFragment, inQuery, inForm:
		return l.checkName()
	}
	return errors.New("unknown kind, want json:PATH, header:NAME, cookie:NAME, fragment:NAME, query:NAME, form:NAME or body")
}

func (l Location) checkName() error {
	switch {
	case l.name == "":
		return fmt.Errorf("want a name, as in %s:access_token", l.in)
	case l.in == inJSON:
		_, err := jsonedit.ParsePath(l.name)
		return err
	case (l.in == inHeader || l.in == inCookie) && strings.ContainsFunc(l.name, notInToken):
		return fmt.Errorf("a %s name has only letters, digits and !#$%%&'*+-.^_`|~", l.in)
	}
	return nil
}

// notInToken reports whether r cannot be in a token of RFC 9110, section
// 5.6.2, which names of headers and cookies are.
func notInToken(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// String returns the text that the location was parsed from.
func (l Location) String() string {
	if l.name == "" {
		return string(l.in)
	}
	return string(l.in) + ":" + l.name
}

// Kind tells by its name what a token at the location is.
func (l Location) Kind() enrich.Kind {
	if l.named("id_token", "IdToken") {
		return enrich.ID
	}
	return enrich.Access
}

// HoldsRefreshToken reports whether a refresh token is at the location, by its name. It
// is not for us: [Response.Find] and [Request.Restore] never look there.
func (l Location) HoldsRefreshToken() bool { return l.named("refresh_token", "RefreshToken") }

// named reports whether the location's name is one of two spellings of a word,
// or ends in it as in a word of its own: of id_token and IdToken, X-Id-Token
// and appIdToken do, paid_token and paidToken do not.
func (l Location) named(snake, camel string) bool {
	name := l.last()
	if name == strings.ToLower(camel[:1])+camel[1:] || strings.HasSuffix(name, camel) {
		return true
	}
	name = strings.ReplaceAll(name, "-", "_")
	if l.in == inHeader { // its case means nothing
		name = strings.ToLower(name)
	}
	return name == snake || strings.HasSuffix(name, "_"+snake)
}

// last returns the last element of the location's path. Only JSON has paths:
// a dot in another name is part of the name.
func (l Location) last() string {
	if path := l.path(); len(path) > 0 {
		return path[len(path)-1]
	}
	return l.name
}

// path returns the path of a JSON location. It is parsed anew each time, which
// costs nothing beside a signature, so that a Location stays comparable.
func (l Location) path() jsonedit.Path {
	if l.in != inJSON {
		return nil
	}
	path, _ := jsonedit.ParsePath(l.name) // UnmarshalText let it in
	return path
}
