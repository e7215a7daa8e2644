package locate

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// A Response is the part of an HTTP response that can contain tokens. Nothing
// writes to it.
type Response struct {
	Header http.Header
	// Body is the whole body without a content coding.
	Body []byte
}

// Find returns every token at the locations, in their order, and then every other
// place that contains one of these tokens: in Location, in Set-Cookie, in the
// headers that the locations name and in a text body. A location without a token
// is not an error.
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

// Replace returns the response with enriched tokens in place of their originals.
// occurrences are the result of Find on the same response, and the keys of enriched
// are the originals. Enriched tokens are in compact serialization, which needs no
// escaping. The result may share memory with r.
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

// CookiesWithout returns the Set-Cookie lines that contain none of the tokens that
// Find returned. Unlike Find it also recognizes repeats of opaque tokens.
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

// Param returns a parameter that is not a token, such as code or state: from the
// fragment or query of a redirect, or from a form_post page. It is empty if the
// response has none.
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

// IssuedTokenType returns the issued_token_type of a token exchange, a URI of RFC
// 8693, section 3. It is empty for any other response.
func (r Response) IssuedTokenType() string {
	if !isJSON(mediaType(r.Header)) {
		return ""
	}
	return first(jsonStrings(r.Body, jsonedit.Path{"issued_token_type"}))
}
