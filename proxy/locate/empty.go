package locate

import (
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// HasEmpty reports whether one of the locations is in the response, but has nothing in it: a
// member of an object that is null or an empty string, or a cookie that is deleted. The
// response to a login that asks for a second factor can look like this.
func (r Response) HasEmpty(locs []Location) bool {
	object, _ := r.object()
	return slices.ContainsFunc(locs, func(l Location) bool {
		switch {
		case l.in == inJSON && object != nil:
			value := object.Lookup(l.path())
			return string(value) == "null" || string(value) == `""`
		case l.in == inCookie:
			return slices.ContainsFunc(r.Header[setCookie], func(line string) bool {
				pair, _, _ := strings.Cut(line, ";")
				values := cookieValue(pair, 0, len(pair), l.name)
				return len(values) > 0 && (values[0].token == "" || len(setCookieValue(line, l.name)) == 0)
			})
		}
		return false
	})
}

// Members returns the names of the members of a response that is a JSON object, unescaped
// and in the order of the text. It returns false for any other response.
func (r Response) Members() (names []string, ok bool) {
	object, ok := r.object()
	if !ok {
		return nil, false
	}
	for name := range object.Members() {
		names = append(names, name)
	}
	return names, true
}

// object returns the body as a JSON object, and false if it is anything else.
func (r Response) object() (*jsonedit.Object, bool) {
	start, ok := jsonStart(r.Body)
	if !ok || IsEventStream(r.Header) {
		return nil, false
	}
	object, err := jsonedit.ParseLenient(r.Body[start:])
	if err != nil {
		return nil, false
	}
	return object, true
}

// Elements returns the elements of the path of a json: location, the name of any other one,
// and nothing for the body.
func (l Location) Elements() []string {
	switch l.in {
	case inJSON:
		return l.path()
	case inBody:
		return nil
	}
	return []string{l.name}
}

// IsOAuthParam reports whether the location is a parameter of a redirect, or an input of a
// page, that is not a token whatever its shape: a code, a state or a signed request.
func (l Location) IsOAuthParam() bool {
	switch l.in {
	case inQuery, inFragment, inForm:
		return l.name == "code" || l.name == "state" || l.name == "request"
	}
	return false
}
