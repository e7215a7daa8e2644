package locate

import (
	"bytes"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// A repeater finds the other places of a response that contain a located token, such
// as the HTML of a redirect or a cookie. A part of a longer run of token characters
// is not a repeat.
type repeater struct {
	tokens map[string]bool
	known  map[textRange]bool // places already found, and places of refresh tokens
}

func (r Response) repeats(occurrences []Occurrence) []Occurrence {
	if len(occurrences) == 0 {
		return nil
	}
	headers := repeatHeaders(r.Header, occurrences)
	inBody := r.mayRepeat(occurrences)
	if len(headers) == 0 && !inBody {
		return nil // the usual case
	}
	return r.repeatsIn(headers, inBody, occurrences)
}

// repeatsIn returns the repeats in these headers, and in the body if inBody is true.
func (r Response) repeatsIn(headers []string, inBody bool, occurrences []Occurrence) []Occurrence {
	rep := repeater{map[string]bool{}, map[textRange]bool{}}
	for _, f := range occurrences {
		rep.tokens[f.Token] = true
		rep.known[f.textRange] = true
	}
	var repeats []Occurrence
	for _, name := range headers {
		for i, text := range r.Header[name] {
			loc := Location{inHeader, name}
			if name == setCookie {
				loc = Location{inCookie, cookieName(text)}
			}
			repeats = append(repeats, rep.find(loc, place{linePart, name, i}, text)...)
		}
	}
	if inBody {
		repeats = append(repeats, rep.inBody(r)...)
	}
	return repeats
}

// mayRepeat reports whether the text of a token is in the body at a place where no token was
// found, or that takes more than a glance to say. In most responses each token is there once,
// and the runs of token characters are not looked for.
func (r Response) mayRepeat(occurrences []Occurrence) bool {
	const few = 4
	if len(occurrences) == 1 && occurrences[0].at.part == bodyPart {
		// Nothing in the token itself can be a repeat of it, because it is one run. So most of the
		// body is not searched.
		f := occurrences[0]
		return hasEnd(r.Body[:f.start], f.Token) || hasEnd(r.Body[f.end:], f.Token)
	}
	return len(occurrences) > few || slices.ContainsFunc(occurrences, func(f Occurrence) bool {
		return r.mayHaveElsewhere(f.Token, occurrences)
	})
}

// tail is how much of a token is looked for: its end, which is the most random part of it. It is
// short enough for a buffer on the stack.
const tail = 24

func hasEnd(text []byte, token string) bool {
	return bytes.Contains(text, []byte(token[max(0, len(token)-tail):]))
}

// mayHaveElsewhere does that for one token.
func (r Response) mayHaveElsewhere(token string, occurrences []Occurrence) bool {
	const tries = 16 // so that its time grows with the size of the body alone
	end := []byte(token[max(0, len(token)-tail):])
	at := 0
	for range tries {
		i := bytes.Index(r.Body[at:], end)
		if i < 0 {
			return false
		}
		at += i + len(end)
		here := textRange{place{}, at - len(token), at}
		known := func(f Occurrence) bool { return f.textRange == here }
		if here.start >= 0 && string(r.Body[here.start:at]) == token && !slices.ContainsFunc(occurrences, known) {
			return true
		}
		at -= len(end) - 1 // the next one may start in this one
	}
	return true
}

func (r repeater) inBody(res Response) []Occurrence {
	media := mediaType(res.Header)
	if !isText(media) && !isJSONBody(res.Body) {
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

// isRefreshName reports whether a value of this name is a refresh token. A refresh
// token never changes, even if an access token has the same text.
func isRefreshName(name string) bool { return Location{inForm, name}.HoldsRefreshToken() }

// repeatHeaders returns the headers to search for repeats: Location, Set-Cookie, and
// the headers in which a token was found. It leaves out those that the response does not have.
func repeatHeaders(header http.Header, occurrences []Occurrence) (names []string) {
	for _, name := range []string{"Location", setCookie} {
		if len(header[name]) > 0 {
			names = append(names, name)
		}
	}
	for _, f := range occurrences {
		if f.at.part == linePart {
			names = append(names, f.at.header)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// nameBefore returns the name of the value at start: of a parameter, a cookie, a JSON
// member or an XML element, escaped or not. It reads at most 64 bytes before start.
func nameBefore(text string, start int) string {
	const maxName = 64
	before := withoutEscapes(text[max(0, start-maxName):start])
	before = strings.TrimRight(before, " \t\r\n\"'=:>\\")
	return before[1+strings.LastIndexFunc(before, notBase64url):]
}

// withoutEscapes removes the escapes of URLs and HTML. Other escapes become spaces,
// because they only escape punctuation.
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
