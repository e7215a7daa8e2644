package locate

import (
	"net/http"
	"slices"
)

// An Occurrence is a token at one place of a message.
type Occurrence struct {
	// Location is the rule's location. For a place that the rule does not name but
	// that repeats the token, it is the location of that place.
	Location Location
	// Token is the text of the value, unescaped and without a scheme such as Bearer. It can be any
	// text, because this package does not verify tokens.
	Token string
	// Overhead is the size of the header line without the token, in bytes: name,
	// colon, space and the rest of the value. It is 0 in a body or query.
	Overhead int

	textRange
}

// InHeader reports whether the token is in a line of the header.
func (f Occurrence) InHeader() bool { return f.at.part == linePart }

// newOccurrences returns the occurrences of the spans in a text.
func newOccurrences(loc Location, at place, text string, spans []span) []Occurrence {
	if len(spans) == 0 {
		return nil
	}
	occurrences := make([]Occurrence, 0, len(spans))
	for _, s := range spans {
		s = s.withoutScheme(text)
		if s.token == "" {
			continue
		}
		f := Occurrence{Location: loc, Token: s.token, textRange: textRange{at, s.start, s.end}}
		if at.part == linePart {
			f.Overhead = len(at.header) + len(": ") + len(text) - (s.end - s.start)
		}
		occurrences = append(occurrences, f)
	}
	return occurrences
}

func occurrencesInBody(loc Location, body []byte, spans []span) []Occurrence {
	text := ""
	if slices.ContainsFunc(spans, span.hasBlank) {
		text = string(body) // or nothing looks at it
	}
	return newOccurrences(loc, place{}, text, spans)
}

const setCookie = "Set-Cookie"

// eachLine returns what find finds in each line of a header, whose name is canonical.
func eachLine(header http.Header, name string, loc Location, find func(string) []span) []Occurrence {
	var occurrences []Occurrence
	for i, text := range header[name] {
		occurrences = append(occurrences, newOccurrences(loc, place{linePart, name, i}, text, find(text))...)
	}
	return occurrences
}
