package locate

import (
	"net/http"
	"strings"

	"github.com/tokengraft/tokengraft/enrich/jsonedit"
)

// A Request is what of a request can hold tokens, or say what it asks for.
type Request struct {
	// Path is the path of its URL, unescaped.
	Path string
	// Query is the query of its URL as it came, without the question mark.
	Query  string
	Header http.Header
	// Body is the whole body without a content coding; nil if it was not read.
	Body []byte
}

// IsRefresh guesses whether the request exchanges a refresh token (refresh:
// auto). The grant_type of the form or JSON body decides. Where there is none,
// it is one if a field, a cookie or the last path segment speaks of it.
func (r Request) IsRefresh() bool {
	if grants := r.field("grant_type"); len(grants) > 0 {
		for _, grant := range grants {
			if grant.token == "refresh_token" {
				return true
			}
		}
		return false
	}
	path := strings.ToLower(strings.TrimRight(r.Path, "/"))
	segment := path[strings.LastIndexByte(path, '/')+1:]
	return strings.Contains(segment, "refresh") || strings.Contains(segment, "renew") ||
		r.hasRefreshCookie() || r.hasRefreshField()
}

// Param returns a parameter of the request that is no token, as code and
// state: a field of the form or JSON body, or else one of the query. It is empty
// where there is none.
func (r Request) Param(name string) string {
	return first(append(r.field(name), params(r.Query, 0, len(r.Query), "&", name)...))
}

// field returns the form fields of this name, or the members of a JSON object
// that are strings.
func (r Request) field(name string) []span {
	if isJSON(mediaType(r.Header)) {
		return jsonStrings(r.Body, jsonedit.Path{name})
	}
	return r.formField(name)
}

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
			if speaksOfRefresh(cookieName(pair)) {
				return true
			}
		}
	}
	return false
}

func (r Request) hasRefreshField() bool {
	switch media := mediaType(r.Header); {
	case isForm(media):
		for pair := range strings.SplitSeq(string(r.Body), "&") {
			if name, _, _ := strings.Cut(pair, "="); speaksOfRefresh(decoded(name)) {
				return true
			}
		}
	case isJSON(media):
		// At every depth: a GraphQL client has its fields under variables.
		has, err := jsonedit.HasName(r.Body, speaksOfRefresh)
		return has && err == nil
	}
	return false
}

func speaksOfRefresh(name string) bool { return strings.Contains(strings.ToLower(name), "refresh") }
