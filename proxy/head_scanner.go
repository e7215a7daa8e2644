package proxy

import "bytes"

// A headScanner reads the heads of HTTP/1 responses in the bytes that come from a
// connection, and calls see with the name of each header line. It never fails: bytes that
// are not a head end the scan.
type headScanner struct {
	see   func(name []byte)
	part  headPart
	start []byte // of a line that has not ended
	again bool   // another head follows, because this response is an informational one
}

// headPart is what a headScanner reads next.
type headPart int

const (
	noHead headPart = iota // the body, or nothing
	statusLine
	headerLine
)

// maxScanned is how many bytes of a line are kept if it comes in several parts. Names are
// shorter.
const maxScanned = 128

// expect is called before the bytes of a response. During a head it does nothing.
func (s *headScanner) expect() {
	if s.part == noHead {
		s.part, s.start = statusLine, s.start[:0]
	}
}

// scan reads the next bytes of the connection.
func (s *headScanner) scan(p []byte) {
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
func (s *headScanner) line(line []byte) {
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
			s.see(name)
		}
	}
}

// status reads the line with the status. 101 is the last response of a connection.
func (s *headScanner) status(line []byte) {
	if !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		s.part = noHead
		return
	}
	_, status, _ := bytes.Cut(line, []byte(" "))
	s.part = headerLine
	s.again = bytes.HasPrefix(status, []byte("1")) && !bytes.HasPrefix(status, []byte("101"))
}
