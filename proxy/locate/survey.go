package locate

import (
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

const (
	// maxSurveyed limits how many tokens a survey returns.
	maxSurveyed = 64
	// maxSurveyPath limits how deep a survey looks into JSON, in elements of a path.
	maxSurveyPath = 16
)

// Survey returns everything in the shape of a signed JWS in the response, wherever it is,
// with the location by which a rule names its place. Like [Response.Find] it recognizes a
// scheme before a token. It is for diagnosis: it looks at more places than Find, but not
// into HTML except for hidden inputs, and it returns at most 64 tokens. It returns those of
// a place of refresh tokens too: see [Location.HoldsRefreshToken].
func (r Response) Survey() []Occurrence {
	var s survey
	for name, lines := range sorted(r.Header) {
		for i, line := range lines {
			s.responseLine(place{linePart, name, i}, line)
		}
	}
	s.body(r.Header, r.Body, s.inputs)
	return s.found
}

// Survey is like that of [Response]: it returns everything in the shape of a signed JWS in
// the request. It does not look into the credentials of Basic, nor into subprotocols.
func (r Request) Survey() []Occurrence {
	var s survey
	for name, lines := range sorted(r.Header) {
		for i, line := range lines {
			s.requestLine(place{linePart, name, i}, line)
		}
	}
	s.params(inQuery, place{part: queryPart}, r.Query, 0, len(r.Query), "&")
	s.body(r.Header, r.Body, func(body string) {
		if isForm(mediaType(r.Header)) {
			s.params(inForm, place{}, body, 0, len(body), "&")
		}
	})
	return s.found
}

// A survey collects what a message has in the shape of a token.
type survey struct{ found []Occurrence }

// add adds those of the spans that are tokens, and the tokens in those that are URLs. Some
// backends send cookies whose names no rule can have.
func (s *survey) add(loc Location, at place, text string, spans ...span) {
	if loc.InHeader() && strings.ContainsFunc(loc.name, notInToken) {
		return
	}
	for _, f := range newOccurrences(loc, at, text, spans) {
		s.addToken(f)
		for _, inside := range inURL(f, nil, func(of textRange) string { return text[of.start:of.end] }) {
			inside.Location = loc
			s.addToken(inside)
		}
	}
}

func (s *survey) addToken(f Occurrence) {
	if len(s.found) < maxSurveyed && isSignedJWS(f.Token) {
		s.found = append(s.found, f)
	}
}

// sorted yields the lines of a header in the order of its names.
func sorted(header http.Header) iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		for _, name := range slices.Sorted(maps.Keys(header)) {
			if !yield(name, header[name]) {
				return
			}
		}
	}
}

// isSignedJWS reports whether a text has the shape of a token, with a header that names
// an algorithm.
func isSignedJWS(text string) bool {
	header, _, _ := strings.Cut(text, ".")
	return compact(text) && len(header) < maxHeader && hasAlgorithm(header)
}

func (s *survey) responseLine(at place, line string) {
	switch {
	case at.header == setCookie:
		name := cookieName(line)
		s.add(Location{inCookie, name}, at, line, setCookieValue(line, name)...)
	case slices.ContainsFunc(redirects, func(name string) bool { return http.CanonicalHeaderKey(name) == at.header }):
		s.url(at, line)
	default:
		s.add(Location{inHeader, at.header}, at, line, headerValue(line)...)
	}
}

// url adds the tokens in the fragment and in the query of the address of a redirect.
func (s *survey) url(at place, url string) {
	end := len(url)
	if i := strings.IndexByte(url, '#'); i >= 0 {
		end = i
		s.params(inFragment, at, url, i+1, len(url), "&?")
	}
	if i := strings.IndexByte(url[:end], '?'); i >= 0 {
		s.params(inQuery, at, url, i+1, end, "&")
	}
}

func (s *survey) requestLine(at place, line string) {
	if at.header != "Cookie" {
		s.add(Location{inHeader, at.header}, at, line, headerValue(line)...)
		return
	}
	for start := 0; start < len(line); {
		pair, _, _ := strings.Cut(line[start:], ";")
		name := cookieName(pair)
		s.add(Location{inCookie, name}, at, line, cookieValue(line, start, start+len(pair), name)...)
		start += len(pair) + len(";")
	}
}

// params adds the tokens in urlencoded parameters.
func (s *survey) params(in in, at place, text string, start, end int, separators string) {
	for name, value := range paramsOf(text, start, end, separators, func(string) bool { return true }) {
		if name != "" {
			s.add(Location{in, name}, at, text, value)
		}
	}
}

// body adds the tokens in a body. other is called with a body that is neither JSON nor one
// token.
func (s *survey) body(header http.Header, body []byte, other func(string)) {
	if len(body) == 0 || IsEventStream(header) {
		return
	}
	if start, ok := jsonStart(body); ok {
		s.json(body, start)
		return
	}
	text := string(body)
	whole := trimmed(text, 0, len(text))
	if len(newOccurrences(Location{in: inBody}, place{}, text, []span{whole})) > 0 && isSignedJWS(whole.withoutScheme(text).token) {
		s.add(Location{in: inBody}, place{}, text, whole)
		return
	}
	other(text)
}

// json adds the tokens in the JSON that starts at an offset of a body.
func (s *survey) json(body []byte, start int) {
	text := ""
	err := jsonedit.EachString(body[start:], func(path jsonedit.Path, str jsonedit.StringSpan) {
		if len(path) > maxSurveyPath || len(s.found) == maxSurveyed || strings.Count(str.Value, ".") < 2 || slices.Contains(path, "") {
			return
		}
		if text == "" {
			text = string(body)
		}
		loc := Location{inJSON, path.String()}
		if len(path) == 0 {
			loc = Location{in: inBody}
		}
		s.add(loc, place{}, text, span{start + str.Start + 1, start + str.End - 1, str.Value})
	})
	if err != nil {
		s.found = slices.DeleteFunc(s.found, func(f Occurrence) bool { return f.at.part == place{}.part })
	}
}

// inputs adds the tokens in the hidden inputs of an HTML page.
func (s *survey) inputs(page string) {
	var names []string
	values := hiddenInputs([]byte(page), func(name string) bool {
		names = append(names, name)
		return true
	})
	for i, value := range values {
		if names[i] != "" {
			s.add(Location{inForm, names[i]}, place{}, page, value)
		}
	}
}
