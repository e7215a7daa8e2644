package locate

import (
	"maps"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// A repeater finds the further places where a token that was found stands in
// full: the HTML of a redirect, a cookie beside the body. A part of a longer
// run of token characters is something else.
type repeater struct {
	tokens map[string]bool
	known  map[textRange]bool // what was found already, or is a refresh token
}

func (r Response) repeats(occurrences []Occurrence) []Occurrence {
	if len(occurrences) == 0 {
		return nil
	}
	rep := repeater{map[string]bool{}, map[textRange]bool{}}
	for _, f := range occurrences {
		rep.tokens[f.Token] = true
		rep.known[f.textRange] = true
	}
	var repeats []Occurrence
	for _, name := range repeatHeaders(occurrences) {
		for i, text := range r.Header[name] {
			loc := Location{inHeader, name}
			if name == setCookie {
				loc = Location{inCookie, cookieName(text)}
			}
			repeats = append(repeats, rep.find(loc, place{linePart, name, i}, text)...)
		}
	}
	return append(repeats, rep.inBody(r)...)
}

func (r repeater) inBody(res Response) []Occurrence {
	media := mediaType(res.Header)
	if !isText(media) {
		return nil
	}
	if !isJSON(media) {
		for _, s := range hiddenInputs(res.Body, isRefreshName) {
			r.known[textRange{place{}, s.start, s.end}] = true
		}
	}
	return r.find(Location{in: inBody}, place{}, string(res.Body))
}

func (r repeater) find(loc Location, at place, text string) []Occurrence {
	return newOccurrences(loc, at, text, slices.DeleteFunc(tokenRuns(text), func(s span) bool {
		return !r.tokens[s.token] || r.known[textRange{at, s.start, s.end}] || isRefreshName(nameBefore(text, s.start))
	}))
}

// isRefreshName reports whether a name is that of a refresh token, which stays even
// where it is the same as another token.
func isRefreshName(name string) bool { return Location{inForm, name}.HoldsRefreshToken() }

// repeatHeaders returns the headers where repeats are looked for: those that
// redirect and set cookies, and those where a token was found.
func repeatHeaders(occurrences []Occurrence) []string {
	names := map[string]bool{"Location": true, setCookie: true}
	for _, f := range occurrences {
		if f.at.part == linePart {
			names[f.at.header] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// nameBefore returns the name that introduces a value in some notation: a
// parameter, a cookie, a JSON member, an element of XML, escaped or not.
func nameBefore(text string, start int) string {
	const longest = 64 // bytes that are looked at
	before := withoutEscapes(text[max(0, start-longest):start])
	before = strings.TrimRight(before, " \t\r\n\"'=:>\\")
	return before[1+strings.LastIndexFunc(before, notBase64url):]
}

// withoutEscapes undoes the escapes of URLs and HTML. Others become blanks: what
// they stand for is punctuation.
func withoutEscapes(text string) string {
	text = html.UnescapeString(decoded(text))
	var b strings.Builder
	for text != "" {
		if n := escape(text); n > 0 {
			b.WriteByte(' ')
			text = text[n:]
		} else {
			b.WriteByte(text[0])
			text = text[1:]
		}
	}
	return b.String()
}
