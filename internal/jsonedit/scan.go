package jsonedit

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// A scanner reads one JSON text in place. It accepts exactly what the JSON library accepts
// with duplicate names and invalid UTF-8, which a fuzz test holds. It is its own code because
// the login of every user pays for it: it takes less time than the library and nearly no memory.
// After a method returned false, the text is not JSON, and at is near the fault.
type scanner struct {
	text []byte
	at   int
	// plain says of the last string that each byte of it stands for itself, and is in ASCII.
	plain bool
}

// maxNesting is how many objects and arrays may contain each other, as in the library.
const maxNesting = 10_000

// err returns the error of a text that is not JSON. It does not quote the text.
func (s *scanner) err() error { return fmt.Errorf("invalid JSON at byte %d", s.at) }

// peek skips white space, and returns the next byte without reading it. It returns 0 at the
// end of the text.
func (s *scanner) peek() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// next reads one byte after white space if it is c.
func (s *scanner) next(c byte) bool {
	ok := s.peek() == c
	if ok {
		s.at++
	}
	return ok
}

// skip reads a value that is inside depth objects and arrays. It does not recurse, so a
// deeply nested text cannot exhaust the stack.
func (s *scanner) skip(depth int) bool {
	var room [64]byte
	open := room[:0] // the braces and brackets that are not closed yet
	for {
		c := s.peek()
		if c != '{' && c != '[' {
			if !s.scalar(c) {
				return false
			}
		} else {
			if s.at++; depth+len(open) == maxNesting {
				return false
			}
			if !s.next(c + 2) { // } or ]: the container has members
				open = append(open, c)
				if c == '{' && !s.skipName() {
					return false
				}
				continue
			}
		}
		for more := false; !more; { // after a value
			if len(open) == 0 {
				return true
			}
			last := open[len(open)-1]
			switch {
			case s.next(last + 2):
				open = open[:len(open)-1]
			case !s.next(','), last == '{' && !s.skipName():
				return false
			default:
				more = true
			}
		}
	}
}

// skipName reads the name of a member and the colon after it.
func (s *scanner) skipName() bool {
	_, ok := s.name()
	return ok
}

// name reads the name of a member and the colon after it. It returns the literal with its
// quotes.
func (s *scanner) name() (literal []byte, ok bool) {
	if s.peek() != '"' {
		return nil, false
	}
	start := s.at
	if !s.string() {
		return nil, false
	}
	literal = s.text[start:s.at]
	return literal, s.next(':')
}

// scalar reads a value that starts with c and is not an object or an array.
func (s *scanner) scalar(c byte) bool {
	switch {
	case c == '"':
		return s.string()
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	}
	return s.number()
}

func (s *scanner) word(word string) bool {
	ok := bytes.HasPrefix(s.text[s.at:], []byte(word))
	if ok {
		s.at += len(word)
	}
	return ok
}

// number reads a number (RFC 8259, section 6).
func (s *scanner) number() bool {
	s.sign("-")
	if !s.sign("0") && !s.digits() {
		return false
	}
	if s.sign(".") && !s.digits() {
		return false
	}
	if s.sign("eE") {
		s.sign("+-")
		return s.digits()
	}
	return true
}

// sign reads one of some bytes, if it comes next.
func (s *scanner) sign(of string) bool {
	ok := s.at < len(s.text) && bytes.IndexByte([]byte(of), s.text[s.at]) >= 0
	if ok {
		s.at++
	}
	return ok
}

// digits reads digits, at least one.
func (s *scanner) digits() bool {
	start := s.at
	for s.at < len(s.text) && '0' <= s.text[s.at] && s.text[s.at] <= '9' {
		s.at++
	}
	return s.at > start
}

// string reads a string, whose quote comes next.
func (s *scanner) string() bool {
	at := s.at + 1
	s.plain = true
	for {
		at += plainLength(s.text[at:])
		if at == len(s.text) {
			break
		}
		switch c := s.text[at]; {
		case c == '"':
			s.at = at + 1
			return true
		case c == '\\' && escapeLength(s.text[at:]) > 0:
			at += escapeLength(s.text[at:])
		case c < utf8.RuneSelf:
			s.at = at
			return false // a control character, or no escape
		default:
			at++
		}
		s.plain = false
	}
	s.at = at
	return false
}

// plainLength returns how many bytes at the start of a text stand for themselves in a string,
// and are in ASCII. It looks at eight bytes at once, because nearly all of a response with
// a token is one string: that takes a quarter of the time (BenchmarkStrings).
func plainLength(text []byte) int {
	const word = 8
	n := 0
	for ; len(text)-n >= word; n += word {
		if ends := endsIn(binary.LittleEndian.Uint64(text[n:])); ends != 0 {
			return n + bits.TrailingZeros64(ends)/8
		}
	}
	for n < len(text) && !ends[text[n]] {
		n++
	}
	return n
}

// endsIn sets the highest bit of each of the eight bytes that is in the table ends. After
// the first such byte it may set others too.
func endsIn(word uint64) uint64 {
	const (
		each    = 0x0101010101010101 // times a byte, that byte everywhere
		highest = each << 7
	)
	quote, backslash := word^each*'"', word^each*'\\'
	isZero := (quote-each)&^quote | (backslash-each)&^backslash
	isControl := (word - each*' ') &^ word
	return (isZero | isControl | word) & highest
}

// ends has the bytes at which a run of plain characters in a string ends.
var ends = func() (table [256]bool) {
	for c := range table {
		table[c] = c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf
	}
	return table
}()

// escapeLength returns the length of the escape at the start of a text, and 0 if there is
// none.
func escapeLength(text []byte) int {
	const short, long = len(`\n`), len(`\u0000`)
	switch {
	case len(text) < short:
		return 0
	case bytes.IndexByte([]byte(`"\/bfnrt`), text[1]) >= 0:
		return short
	case text[1] != 'u' || len(text) < long:
		return 0
	}
	for _, c := range text[short:long] {
		if letter := c | 0x20; (c < '0' || c > '9') && (letter < 'a' || letter > 'f') {
			return 0
		}
	}
	return long
}
