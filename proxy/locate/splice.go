package locate

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// A place is one text of a message: a line of a header, the query or the body.
type place struct {
	part   part
	header string // canonical name, of a line
	line   int    // which line of the header
}

type part int

const (
	bodyPart part = iota
	queryPart
	linePart
)

// A textRange is a range of bytes of a message.
type textRange struct {
	at         place
	start, end int
}

// edits are what to change in the texts of a message.
type edits map[place][]span // token is the text to put in the span's place

// add replaces what was found.
func (e edits) add(f Occurrence, token string) {
	e[f.at] = append(e[f.at], span{f.start, f.end, token})
}

// of returns a text with its edits made.
func (e edits) of(at place, text string) string {
	if len(e[at]) == 0 {
		return text
	}
	return splice(text, e[at])
}

// headers returns a copy of a header with its edits made.
func (e edits) headers(header http.Header) http.Header {
	header = header.Clone()
	for at := range e {
		if at.part == linePart {
			header[at.header][at.line] = e.of(at, header[at.header][at.line])
		}
	}
	return header
}

// splice returns text with its spans replaced by their tokens. Of two spans
// that overlap the one that starts earlier counts, of two that start together
// the one named first: two locations may name one token.
func splice(text string, spans []span) string {
	spans = slices.Clone(spans)
	slices.SortStableFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	var b strings.Builder
	done := 0
	for _, s := range spans {
		if s.start < done {
			continue
		}
		b.WriteString(text[done:s.start])
		b.WriteString(s.token)
		done = s.end
	}
	b.WriteString(text[done:])
	return b.String()
}
