package locate

import (
	"cmp"
	"net/http"
	"slices"
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
// text. The zero value has none.
type edits struct {
	body, query []span
	lines       map[place][]span
}

// add adds the replacement of an occurrence.
func (e *edits) add(f Occurrence, token string) { e.addSpan(f.at, span{f.start, f.end, token}) }

func (e *edits) addSpan(at place, s span) {
	switch at.part {
	case bodyPart:
		e.body = append(e.body, s)
	case queryPart:
		e.query = append(e.query, s)
	default:
		if e.lines == nil {
			e.lines = map[place][]span{}
		}
		e.lines[at] = append(e.lines[at], s)
	}
}

// headers returns a header with its edits applied: a copy, or the header itself if it has
// none.
func (e *edits) headers(header http.Header) http.Header {
	if len(e.lines) == 0 {
		return header
	}
	header = header.Clone()
	for at, spans := range e.lines {
		header[at.header][at.line] = spliceText(header[at.header][at.line], spans)
	}
	return header
}

// splice returns text with the spans replaced by their tokens, and text itself without
// spans. Spans can overlap, because two locations may name the same token. Then the span
// that starts earlier wins; of two that start together, the first in the slice wins.
func splice(text []byte, spans []span) []byte {
	if len(spans) == 0 {
		return text
	}
	if len(spans) > 1 {
		spans = slices.Clone(spans)
		slices.SortStableFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	}
	size, done := len(text), 0
	for _, s := range spans {
		if s.start >= done {
			size += len(s.token) - (s.end - s.start)
			done = s.end
		}
	}
	spliced := make([]byte, 0, size)
	done = 0
	for _, s := range spans {
		if s.start >= done {
			spliced = append(spliced, text[done:s.start]...)
			spliced = append(spliced, s.token...)
			done = s.end
		}
	}
	return append(spliced, text[done:]...)
}

// spliceText is splice for a string.
func spliceText(text string, spans []span) string { return string(splice([]byte(text), spans)) }
