package locate

import (
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// A Request is the part of an HTTP request that can contain tokens, or that shows
// whether it is a refresh. No method writes to it.
type Request struct {
	// Path is the path of the URL, unescaped.
	Path string
	// Query is the raw query of the URL, without the question mark.
	Query  string
	Header http.Header
	// Body is the whole body without a content coding. It is nil if it was not read.
	Body []byte
}

// IsRefresh guesses whether the request exchanges a refresh token. The grant_type
// in the form or JSON body decides (RFC 6749, section 6). Without a grant_type, the
// request is a refresh if the name of a field or cookie contains "refresh", or the
// last path segment contains "refresh" or "renew".
func (r Request) IsRefresh() bool {
	if grants := r.fields("grant_type"); len(grants) > 0 {
		return slices.Contains(grants, "refresh_token")
	}
	path := strings.ToLower(strings.TrimRight(r.Path, "/"))
	segment := path[strings.LastIndexByte(path, '/')+1:]
	return strings.Contains(segment, "refresh") || strings.Contains(segment, "renew") ||
		r.hasRefreshCookie() || r.hasRefreshField()
}

// Param returns a parameter that is not a token, such as code or state. It looks in
// the form or JSON body, and then in the query. It returns "" if the request does not
// have the parameter.
func (r Request) Param(name string) string {
	if fields := r.fields(name); len(fields) > 0 {
		return fields[0]
	}
	return first(params(r.Query, 0, len(r.Query), "&", name))
}

// fields returns the values of the form fields of this name, or the strings at the
// members of this name in a JSON object.
func (r Request) fields(name string) []string {
	if isJSON(mediaType(r.Header)) {
		return tokens(jsonStrings(r.Body, jsonedit.Path{name}))
	}
	var values []string
	for other, value := range r.form() {
		if other == name {
			values = append(values, value)
		}
	}
	return values
}

// form yields the names and values of a urlencoded or multipart form. It yields
// nothing if the body is not a form.
func (r Request) form() iter.Seq2[string, string] {
	switch media := mediaType(r.Header); {
	case isForm(media):
		return pairs(string(r.Body))
	case isMultipart(media):
		return parts(r.Header, r.Body)
	}
	return func(func(string, string) bool) {}
}

// formField returns the values of the fields of this name in a urlencoded form.
func (r Request) formField(name string) []span {
	if !isForm(mediaType(r.Header)) {
		return nil
	}
	return params(string(r.Body), 0, len(r.Body), "&", name)
}

func isForm(media string) bool { return media == "application/x-www-form-urlencoded" }

func (r Request) hasRefreshCookie() bool {
	for _, text := range r.Header["Cookie"] {
		for pair := range strings.SplitSeq(text, ";") {
			if mentionsRefresh(cookieName(pair)) {
				return true
			}
		}
	}
	return false
}

func (r Request) hasRefreshField() bool {
	if isJSON(mediaType(r.Header)) {
		// Look at every depth, because a GraphQL client has its fields under variables.
		has, err := jsonedit.HasName(r.Body, mentionsRefresh)
		return has && err == nil
	}
	for name := range r.form() {
		if mentionsRefresh(name) {
			return true
		}
	}
	return false
}

func mentionsRefresh(name string) bool { return strings.Contains(strings.ToLower(name), "refresh") }
