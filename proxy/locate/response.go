package locate

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// A Response is the part of an HTTP response that can contain tokens. No method
// writes to it.
type Response struct {
	Header http.Header
	// Body is the whole body, with its content coding removed.
	Body []byte
}

// Find returns every token at the locations, in the order of the locations. After
// them it returns every other place that contains one of these tokens: in Location,
// in Set-Cookie, in the headers that the locations name, and in a text body. A value of a
// json: or header: location can be a URL with tokens in its query or fragment. A location without a token is not an error.
func (r Response) Find(locs []Location) []Occurrence {
	return r.find(locs, &jsonBody{text: r.Body})
}

// A Reading is what a response says about its tokens.
type Reading struct {
	Tokens []Occurrence // what [Response.Find] returns
	// DPoP means that the response says token_type: DPoP (RFC 9449, section 5), in any case, as
	// a member of a JSON object. It is false if there are no tokens.
	DPoP bool
	// IssuedTokenType is the issued_token_type of a token exchange, which is a URI of RFC 8693,
	// section 3. It is empty in any other response, and if there are no tokens.
	IssuedTokenType string
}

// Read finds the tokens of a response, and what it says about them. It parses the body once.
func (r Response) Read(locs []Location) (reading Reading) {
	json := jsonBody{text: r.Body}
	reading.Tokens = r.find(locs, &json)
	if len(reading.Tokens) == 0 {
		return reading
	}
	var room [1]span
	reading.DPoP = slices.ContainsFunc(json.appendStrings(room[:0], tokenType), span.saysDPoP)
	reading.IssuedTokenType = first(json.appendStrings(room[:0], issuedTokenType))
	return reading
}

func (s span) saysDPoP() bool { return strings.EqualFold(s.token, "DPoP") }

var tokenType, issuedTokenType = jsonedit.Path{"token_type"}, jsonedit.Path{"issued_token_type"}

func (r Response) find(locs []Location, json *jsonBody) []Occurrence {
	var occurrences []Occurrence
	for _, loc := range locs {
		if loc.HoldsRefreshToken() {
			continue
		}
		if found := unfold(r.at(loc, json), locs, r); occurrences == nil {
			occurrences = found // the usual case: no copy
		} else {
			occurrences = append(occurrences, found...)
		}
	}
	return append(occurrences, r.repeats(occurrences)...)
}

func (r Response) at(loc Location, json *jsonBody) []Occurrence {
	switch loc.in {
	case inHeader:
		return eachLine(r.Header, http.CanonicalHeaderKey(loc.name), loc, headerValue)
	case inCookie:
		return eachLine(r.Header, setCookie, loc, func(text string) []span { return setCookieValue(text, loc.name) })
	case inFragment:
		return eachRedirect(r.Header, loc, fragmentParams)
	case inQuery:
		return eachRedirect(r.Header, loc, queryParams)
	}
	var room [4]span // of usual bodies
	return occurrencesInBody(loc, r.Body, appendBodySpans(room[:0], r.Header, json, loc, r.inputs))
}

// text returns the text of a range.
func (r Response) text(of textRange) string {
	if of.at.part == linePart {
		return r.Header[of.at.header][of.at.line][of.start:of.end]
	}
	return string(r.Body[of.start:of.end])
}

func (r Response) inputs(name string) []span {
	return hiddenInputs(r.Body, func(other string) bool { return other == name })
}

// Replace returns the response with originals replaced by their enriched tokens.
// occurrences are the result of Find on the same response. enriched has the enriched
// tokens by their originals. They must be in compact serialization, because Replace
// does not escape them. The result may share memory with r.
func (r Response) Replace(occurrences []Occurrence, enriched map[string]string) Response {
	return r.ReplaceFunc(occurrences, func(token string) string {
		if replacement, ok := enriched[token]; ok {
			return replacement
		}
		return token
	})
}

// ReplaceFunc is Replace with a function that returns the enriched token of an original,
// or the original itself.
func (r Response) ReplaceFunc(occurrences []Occurrence, enriched func(original string) string) Response {
	var changes edits // of the header
	var room [4]span  // of usual responses
	inBody := room[:0]
	for _, f := range occurrences {
		token := enriched(f.Token)
		switch {
		case token == f.Token:
		case f.at.part == bodyPart:
			inBody = append(inBody, span{f.start, f.end, token})
		default:
			changes.add(f, token)
		}
	}
	r.Body = splice(r.Body, inBody)
	r.Header = changes.headers(r.Header)
	return r
}

// CookiesWithout returns the Set-Cookie lines that contain none of the tokens that
// Find returned. Unlike Find it also recognizes repeats of opaque tokens.
func (r Response) CookiesWithout(occurrences []Occurrence) (lines []string) {
	removed := map[string]string{}
	for _, f := range occurrences {
		removed[f.Token] = ""
	}
	without := r.Replace(occurrences, removed).Header[setCookie]
	for i, line := range r.Header[setCookie] {
		opaque := func(f Occurrence) bool { return !compact(f.Token) && strings.Contains(line, f.Token) }
		if line == without[i] && !slices.ContainsFunc(occurrences, opaque) {
			lines = append(lines, line)
		}
	}
	return lines
}

// Param returns a parameter that is not a token, such as code or state. It looks in
// the fragment of a redirect, then in its query, then in the hidden inputs of a
// form_post page. It returns "" if the response does not have the parameter.
func (r Response) Param(name string) string {
	if len(r.Header["Location"]) == 0 && isJSON(mediaType(r.Header)) {
		return "" // the usual case
	}
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
