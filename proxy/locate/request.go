package locate

import (
	"iter"
	"net/http"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// A Request is the part of an HTTP request that can contain tokens, or that shows
// whether it is a refresh. No method writes to it.
type Request struct {
	// Path is the path of the URL as the backend gets it, so it may have escapes.
	Path string
	// Query is the raw query of the URL, without the question mark.
	Query  string
	Header http.Header
	// HasBody means that the request has a body, or may have one.
	HasBody bool
	// Body is the whole body without a content coding. It is nil if it was not read.
	Body []byte
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

func mentionsRefresh(name string) bool { return strings.Contains(strings.ToLower(name), refreshWord) }
