package locate

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// A Response is what of a response can hold tokens.
type Response struct {
	Header http.Header
	// Body is the whole body without a content coding.
	Body []byte
}

// Find returns every token at the locations, in their order, and then every
// further place where one of these tokens stands in full: in Location, in
// Set-Cookie, in the headers that the locations name and in a body of text.
// Where nothing is, nothing is found; that is no fault.
func (r Response) Find(locs []Location) []Occurrence {
	var occurrences []Occurrence
	for _, loc := range locs {
		if !loc.HoldsRefreshToken() {
			occurrences = append(occurrences, r.at(loc)...)
		}
	}
	return append(occurrences, r.repeats(occurrences)...)
}

func (r Response) at(loc Location) []Occurrence {
	switch loc.in {
	case inHeader:
		return eachLine(r.Header, loc.name, loc, headerValue)
	case inCookie:
		return eachLine(r.Header, setCookie, loc, func(text string) []span { return setCookieValue(text, loc.name) })
	case inFragment:
		return eachRedirect(r.Header, loc, fragmentParams)
	case inQuery:
		return eachRedirect(r.Header, loc, queryParams)
	}
	return occurrencesInBody(loc, r.Body, bodySpans(r.Header, r.Body, loc, r.inputs))
}

func (r Response) inputs(name string) []span {
	return hiddenInputs(r.Body, func(other string) bool { return other == name })
}

// Replace returns the response with the enriched tokens in the place of their
// originals, by which they are named. occurrences come from Find on the same
// response. An enriched token is one in compact serialization, which needs no
// escaping anywhere. The result may share memory with r.
func (r Response) Replace(occurrences []Occurrence, enriched map[string]string) Response {
	changes := edits{}
	for _, f := range occurrences {
		if token, ok := enriched[f.Token]; ok && token != f.Token {
			changes.add(f, token)
		}
	}
	if len(changes[place{}]) > 0 {
		r.Body = []byte(changes.of(place{}, string(r.Body)))
	}
	r.Header = changes.headers(r.Header)
	return r
}

// CookiesWithout returns the lines of Set-Cookie that hold none of the tokens
// that were found. Find looks for repeats of JWTs alone; here others count, too.
func (r Response) CookiesWithout(occurrences []Occurrence) (lines []string) {
	nothing := map[string]string{}
	for _, f := range occurrences {
		nothing[f.Token] = ""
	}
	bare := r.Replace(occurrences, nothing).Header[setCookie]
	for i, line := range r.Header[setCookie] {
		opaque := func(f Occurrence) bool { return !compact(f.Token) && strings.Contains(line, f.Token) }
		if line == bare[i] && !slices.ContainsFunc(occurrences, opaque) {
			lines = append(lines, line)
		}
	}
	return lines
}

// Param returns a parameter of the response that is no token, as code and
// state: from the fragment or the query of a redirect, or from a form_post
// page. It is empty where there is none.
func (r Response) Param(name string) string {
	var spans []span
	for _, text := range r.Header["Location"] {
		spans = append(spans, fragmentParams(text, name)...)
		spans = append(spans, queryParams(text, name)...)
	}
	if media := mediaType(r.Header); !isJSON(media) && !isToken(media) {
		spans = append(spans, r.inputs(name)...)
	}
	return first(spans)
}

// IssuedTokenType returns what a token exchange says it issued, a URI of RFC
// 8693, section 3, and else nothing.
func (r Response) IssuedTokenType() string {
	if !isJSON(mediaType(r.Header)) {
		return ""
	}
	return first(jsonStrings(r.Body, jsonedit.Path{"issued_token_type"}))
}
