package locate

import (
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
	if value, ok := r.field(name); ok {
		return value
	}
	if r.Query == "" {
		return "" // the usual case
	}
	return first(params(r.Query, 0, len(r.Query), "&", name))
}

// field returns the value of the first form field of this name, or the first string at a
// member of this name in a JSON object.
func (r Request) field(name string) (value string, ok bool) {
	switch media := mediaType(r.Header); {
	case isJSON(media):
		spans := jsonStrings(r.Body, jsonedit.Path{name})
		return first(spans), len(spans) > 0
	case isForm(media):
		return formValue(r.Body, name)
	case isMultipart(media):
		for other, value := range parts(r.Header, r.Body) {
			if other == name {
				return value, true
			}
		}
	}
	return "", false
}

// formField returns the values of the fields of this name in a urlencoded form.
func (r Request) formField(name string) []span {
	if !isForm(mediaType(r.Header)) {
		return nil
	}
	return params(string(r.Body), 0, len(r.Body), "&", name)
}

func isForm(media string) bool { return media == formType }

func mentionsRefresh(name string) bool { return strings.Contains(strings.ToLower(name), refreshWord) }
