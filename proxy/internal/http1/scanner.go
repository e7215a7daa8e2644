package http1

import "bytes"

// A Scanner reads the heads of HTTP/1 responses in the bytes that come from a
// connection, and calls See with the name of each header line. It never fails: bytes that
// are not a head end the scan.
type Scanner struct {
	See   func(name []byte) // nil means to do nothing; the bytes are valid during the call
	part  headPart
	start []byte // of a line that has not ended
	again bool   // another head follows, because this response is an informational one
}

// headPart is what a Scanner reads next.
type headPart int

const (
	noHead headPart = iota // the body, or nothing
	statusLine
	headerLine
)

// maxScanned is how many bytes of a line are kept if it comes in several parts. Names are
// shorter.
const maxScanned = 128

// Expect is called before the bytes of a response. During a head it does nothing.
func (s *Scanner) Expect() {
	if s.part == noHead && s.See != nil {
		s.part, s.start = statusLine, s.start[:0]
	}
}

// Scan reads the next bytes of the connection.
func (s *Scanner) Scan(p []byte) {
	for len(p) > 0 && s.part != noHead {
		line, rest, ended := bytes.Cut(p, []byte("\n"))
		p = rest
		if ended && len(s.start) == 0 {
			s.line(line) // the usual case, without a copy
			continue
		}
		s.start = append(s.start, line[:min(len(line), maxScanned-len(s.start))]...)
		if ended {
			s.line(s.start)
			s.start = s.start[:0]
		}
	}
}

// line reads a line, or its first maxScanned bytes.
func (s *Scanner) line(line []byte) {
	line = bytes.TrimSuffix(line, []byte("\r"))
	switch {
	case s.part == statusLine:
		s.status(line)
	case len(line) == 0:
		s.part = noHead
		if s.again {
			s.part = statusLine
		}
	default:
		if name, _, ok := bytes.Cut(line, []byte(":")); ok {
			s.See(name)
		}
	}
}

// status reads the line with the status. 101 is the last response of a connection.
func (s *Scanner) status(line []byte) {
	if !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		s.part = noHead
		return
	}
	_, status, _ := bytes.Cut(line, []byte(" "))
	s.part = headerLine
	s.again = bytes.HasPrefix(status, []byte("1")) && !bytes.HasPrefix(status, []byte("101"))
}
