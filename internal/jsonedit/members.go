package jsonedit

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// Members are the members of a JSON text that is an object, so that one pass over the text
// is enough to look at several paths. The zero Members has none.
type Members struct {
	text  []byte // without a byte order mark
	mark  int    // length of the byte order mark
	few   [usualMembers]textMember
	inFew int          // how many of few are in use
	more  []textMember // those after few. A slice of few would need memory of the heap
}

// mostMembers limits how many members are kept, because a member of a few bytes takes 40. No
// usual text has more.
const mostMembers = 256

// A textMember is where a member is. Plain names and values are between their quotes as
// they are.
type textMember struct {
	name, nameEnd       int // with the quotes
	value, valueEnd     int
	plainName, isString bool
	plainValue          bool // of a string
}

// Read reads a text. It returns false if the text is not exactly one JSON object, by the
// rules of [Strings], or has more than 256 members. [Strings] can read those.
func (m *Members) Read(text []byte) bool {
	m.text = bytes.TrimPrefix(text, byteOrderMark)
	m.mark, m.inFew, m.more = len(text)-len(m.text), 0, m.more[:0]
	s := scanner{text: m.text}
	return s.next('{') && m.read(&s) && s.peek() == 0 && s.at == len(m.text)
}

// read reads the members and the closing brace.
func (m *Members) read(s *scanner) bool {
	if s.next('}') {
		return true
	}
	for {
		s.peek()
		member := textMember{name: s.at}
		literal, ok := s.name()
		if !ok {
			return false
		}
		member.nameEnd, member.plainName = member.name+len(literal), s.plain
		member.isString = s.peek() == '"'
		member.value = s.at
		if !s.skip(1) {
			return false
		}
		member.valueEnd, member.plainValue = s.at, s.plain
		if !m.add(member) {
			return false
		}
		if !s.next(',') {
			return s.next('}')
		}
	}
}

// add returns false if there are too many members.
func (m *Members) add(member textMember) bool {
	if m.inFew < len(m.few) {
		m.few[m.inFew] = member
		m.inFew++
		return true
	}
	m.more = append(m.more, member)
	return m.inFew+len(m.more) <= mostMembers
}

// AppendStrings appends what [Strings] returns for a path, which must not be empty.
func (m *Members) AppendStrings(dst []StringSpan, path Path) []StringSpan {
	for i := range m.few[:m.inFew] {
		dst = m.appendIn(dst, &m.few[i], path)
	}
	for i := range m.more {
		dst = m.appendIn(dst, &m.more[i], path)
	}
	return dst
}

// appendIn appends the strings at a path that are in a member.
func (m *Members) appendIn(dst []StringSpan, member *textMember, path Path) []StringSpan {
	if !isText(m.text[member.name:member.nameEnd], member.plainName, path[0]) {
		return dst
	}
	value, before := m.text[member.value:member.valueEnd], m.mark+member.value
	switch {
	case len(path) > 1:
		w := walker{scanner: scanner{text: value}, before: before} // without dst, which may be on the stack
		w.value(path[1:], 0)
		return append(dst, w.found...)
	case member.isString:
		return appendString(dst, value, member.plainValue, before)
	}
	return dst
}

// appendString appends the string that a literal is, which starts at a position. It appends
// nothing if the string has invalid UTF-8, because then it cannot be a token.
func appendString(dst []StringSpan, literal []byte, plain bool, start int) []StringSpan {
	text := literal[1 : len(literal)-1]
	if !plain {
		var err error
		if text, err = jsontext.AppendUnquote(nil, literal); err != nil {
			return dst
		}
	}
	return append(dst, StringSpan{Start: start, End: start + len(literal), Value: string(text)})
}

// isText reports whether a literal is a string with this text. Plain says that it has the
// text between its quotes.
func isText(literal []byte, plain bool, text string) bool {
	if plain {
		return string(literal[1:len(literal)-1]) == text
	}
	unescaped, _ := jsontext.AppendUnquote(nil, literal) // invalid UTF-8 becomes U+FFFD
	return string(unescaped) == text
}
