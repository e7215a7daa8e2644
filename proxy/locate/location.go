package locate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// A Location is a place in a message where a token can be, as a rule names it:
//
//	json:PATH      string members of a JSON body; dots reach into objects and arrays
//	header:NAME    every line of a header
//	cookie:NAME    a cookie
//	fragment:NAME  a parameter in the fragment of a redirect's Location
//	query:NAME     a parameter in the query of a redirect's Location; in a request, of its URL
//	form:NAME      a hidden input of an HTML form_post page; in a request, a urlencoded form field
//	body           the whole body
//
// A redirect's parameter may pack several values, as in token$other$other. Then the
// token is the first part.
//
// Make a Location with [Parse]. Locations can be compared with ==. The zero Location
// is nowhere: no message has a token there.
type Location struct {
	in   in
	name string // the path or name as it is written in the rule; empty for the body
}

// WholeBody is the location "body".
var WholeBody = Location{in: inBody}

// in is the part of a message that a location looks into.
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

// Parse parses the text of a location, such as "json:access_token". The error says
// what is allowed.
func Parse(text string) (Location, error) {
	word, name, named := strings.Cut(text, ":")
	l := Location{in: in(word), name: name}
	if err := l.check(named); err != nil {
		return Location{}, fmt.Errorf("location %q: %w", text, err)
	}
	return l, nil
}

// MustParse is [Parse] for constants. It panics if the text is wrong.
func MustParse(text string) Location {
	l, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return l
}

// UnmarshalText implements [encoding.TextUnmarshaler] with [Parse]. After an error
// the location is unchanged.
func (l *Location) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err == nil {
		*l = parsed
	}
	return err
}

// check returns what is wrong with a location. named says whether its text has a
// colon.
func (l Location) check(named bool) error {
	switch l.in {
	case inBody:
		if named {
			return errors.New("the location body has no name, because it is the whole body. Use body")
		}
		return nil
	case inJSON, inHeader, inCookie, inFragment, inQuery, inForm:
		return l.checkName()
	}
	if kind, known := kindNear(string(l.in)); known && named {
		return fmt.Errorf("unknown kind; write %s", Location{kind, respelled(kind, l.name)})
	}
	return errors.New("unknown kind. Use json:PATH, header:NAME, cookie:NAME, fragment:NAME, query:NAME, form:NAME or body")
}

func (l Location) checkName() error {
	switch {
	case l.name == "":
		return fmt.Errorf("the name is missing. Add it, as in %s:access_token", l.in)
	case l.in == inJSON:
		return checkPath(l.name)
	case (l.in == inHeader || l.in == inCookie) && strings.ContainsFunc(l.name, notInToken):
		return fmt.Errorf("a %s name can contain only letters, digits and !#$%%&'*+-.^_`|~", l.in)
	}
	return nil
}

// checkPath checks the path of a json: location.
func checkPath(path string) error {
	if right, foreign := jsonedit.Respell(path); foreign && right == "" {
		return errors.New("is not a path: write names and indexes joined with dots, and * for every element of an array, as in json:data.tokens.0.jwt")
	} else if foreign {
		return fmt.Errorf("write %s. If $, / or [ is part of a name, write a backslash before it", Location{inJSON, right})
	}
	_, err := jsonedit.ParsePath(path)
	return err
}

// respelled returns the name of a location as its kind wants it.
func respelled(kind in, name string) string {
	if right, foreign := jsonedit.Respell(name); kind == inJSON && foreign && right != "" {
		return right
	}
	return name
}

// kindNear returns the kind that an unknown word means.
func kindNear(word string) (in, bool) {
	word = strings.ToLower(word)
	for kind, words := range map[in][]string{
		inJSON:     {"json", "jsonpath", "json_path", "jsonpointer", "jsn", "jwt", "token"},
		inHeader:   {"header", "headers", "http_header"},
		inCookie:   {"cookie", "cookies", "set-cookie", "set_cookie"},
		inFragment: {"fragment", "hash", "anchor"},
		inQuery:    {"query", "querystring", "query_string", "param", "parameter", "url"},
		inForm:     {"form", "input", "field", "form_post"},
	} {
		if slices.Contains(words, word) {
			return kind, true
		}
	}
	return "", false
}

// notInToken reports whether r cannot be in the name of a header or cookie, which is
// a "token" in the sense of RFC 9110, section 5.6.2.
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

// Kind returns the kind of tokens at the location, which follows from its name: ID
// for names such as id_token, idToken and X-Id-Token, otherwise Access.
func (l Location) Kind() enrich.Kind {
	if l.named("id_token", "idToken", "IdToken") {
		return enrich.ID
	}
	return enrich.Access
}

// HoldsRefreshToken reports whether the location has the name of a refresh token,
// such as refresh_token or refreshToken. [Response.Find] and [Request.Restore] skip
// such locations, because a refresh token must never change.
func (l Location) HoldsRefreshToken() bool {
	return l.named("refresh_token", "refreshToken", "RefreshToken")
}

// named reports whether the location's name is a word in one of its spellings, or
// ends with that word. For example, id_token and IdToken match X-Id-Token and
// appIdToken, but not paid_token or paidToken.
func (l Location) named(snake, camel, end string) bool {
	name := l.last()
	if name == camel || strings.HasSuffix(name, end) {
		return true
	}
	name = strings.ReplaceAll(name, "-", "_")
	if l.in == inHeader { // header names ignore case
		name = strings.ToLower(name)
	}
	before, ok := strings.CutSuffix(name, snake)
	return ok && (before == "" || strings.HasSuffix(before, "_"))
}

// last returns the last element of the location's path. Only JSON locations have
// paths. In other names, a dot is part of the name.
func (l Location) last() string {
	if l.in == inJSON && strings.IndexByte(l.name, '\\') < 0 {
		return l.name[strings.LastIndexByte(l.name, '.')+1:] // the usual case: no path to parse
	}
	if path := l.path(); len(path) > 0 {
		return path[len(path)-1]
	}
	return l.name
}

// path returns the path of a JSON location. It parses the name each time, because a
// Location with a slice could not be compared.
func (l Location) path() jsonedit.Path { return l.appendPath(nil) }

// appendPath appends the elements of the path. In the usual case it takes no memory if dst has
// room for them.
func (l Location) appendPath(dst jsonedit.Path) jsonedit.Path {
	switch {
	case l.in != inJSON:
		return dst
	case strings.IndexByte(l.name, '\\') >= 0:
		path, _ := jsonedit.ParsePath(l.name) // Parse accepted it
		return append(dst, path...)
	}
	for element := range strings.SplitSeq(l.name, ".") {
		dst = append(dst, element)
	}
	return dst
}
