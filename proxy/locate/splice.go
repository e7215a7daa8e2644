package locate

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// A place is one text of a message: a header line, the query or the body. The zero
// place is the body.
type place struct {
	part   part
	header string // canonical name of the header, if part is linePart
	line   int    // index of the line among the lines of this header
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

// edits are the changes to the texts of a message. The token of a span is its new
// text.
type edits map[place][]span

// add adds the replacement of an occurrence.
func (e edits) add(f Occurrence, token string) {
	e[f.at] = append(e[f.at], span{f.start, f.end, token})
}

// of returns a text with its edits applied.
func (e edits) of(at place, text string) string {
	if len(e[at]) == 0 {
		return text
	}
	return splice(text, e[at])
}

// headers returns a copy of a header with its edits applied.
func (e edits) headers(header http.Header) http.Header {
	header = header.Clone()
	for at := range e {
		if at.part == linePart {
			header[at.header][at.line] = e.of(at, header[at.header][at.line])
		}
	}
	return header
}

// splice returns text with the spans replaced by their tokens. Spans can overlap,
// because two locations may name the same token. Then the span that starts earlier
// wins; of two that start together, the first in the slice wins.
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
