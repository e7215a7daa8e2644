package credentials

// peek returns the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	if s.failed || s.pos >= len(s.text) {
		return 0
	}
	return s.text[s.pos]
}

func (s *scanner) skipSpace() {
	for s.pos < len(s.text) && isSpace(s.text[s.pos]) {
		s.pos++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// expect reads this byte.
func (s *scanner) expect(c byte) {
	if s.peek() != c {
		s.failed = true
		return
	}
	s.pos++
}

// string reads a string and returns what is between its quotes.
func (s *scanner) string() []byte {
	s.expect('"')
	start := s.pos
	for ; s.pos < len(s.text); s.pos++ {
		switch s.text[s.pos] {
		case '"':
			s.pos++
			return s.text[start : s.pos-1]
		case '\\':
			s.pos++
		}
	}
	s.failed = true
	return nil
}

// literal reads a number, true, false or null.
func (s *scanner) literal() {
	start := s.pos
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == ',', c == '}', c == ']', c == ':', c == '"', c == '{', c == '[', isSpace(c):
			s.failed = s.failed || s.pos == start
			return
		}
		s.pos++
	}
	s.failed = true // a literal is always within an object
}

// skip reads a value without looking at it.
func (s *scanner) skip() {
	depth := 0
	for !s.failed {
		s.skipSpace()
		switch s.peek() {
		case '{', '[':
			depth++
			s.pos++
			continue
		case '}', ']':
			depth--
			s.pos++
		case ',', ':':
			s.pos++
			continue
		case '"':
			s.string()
		default:
			s.literal()
		}
		if depth == 0 {
			return
		}
		s.failed = s.failed || depth < 0
	}
}

// A list iterates over the members of an object or the elements of an array, and cuts
// some of them out, each with one comma.
type list struct {
	*scanner
	end       byte
	separator int  // where the comma before the current item is
	start     int  // of the current item
	began     bool // there was an item
	kept      bool // an item before the current one stays
	dropped   bool // the current item is cut out
	open      bool // the last cut lasts until the next item
}

// next moves to the next item, or behind the end of the list.
func (l *list) next() bool {
	l.skipSpace()
	if l.began {
		l.kept = l.kept || !l.dropped
		l.separator = l.pos
		if l.peek() == ',' {
			l.pos++
			l.skipSpace()
		} else if l.peek() != l.end {
			l.failed = true
		}
		l.closeCut()
	}
	if l.failed || l.peek() == 0 {
		l.failed = true
		return false
	}
	if l.peek() == l.end {
		l.pos++
		return false
	}
	l.began, l.dropped, l.start = true, false, l.pos
	return true
}

// closeCut extends the cut of a first item to the start of the next one.
func (l *list) closeCut() {
	if l.open {
		l.cuts[len(l.cuts)-1].to = l.pos
		l.open = false
	}
}

// cut cuts the current item out. Everything in it was read.
func (l *list) cut() {
	l.dropped = true
	from := l.start
	if l.kept {
		from = l.separator
	}
	for len(l.cuts) > 0 && l.cuts[len(l.cuts)-1].from >= from { // within the item
		l.cuts = l.cuts[:len(l.cuts)-1]
	}
	l.cuts = append(l.cuts, span{from, l.pos})
	l.open = !l.kept
}
