package connlimit

import "bytes"

// preface is how an HTTP/2 connection without TLS starts.
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// A header counts what has been read of the header of an HTTP/1 request.
type header struct {
	encrypted bool // its lines cannot be seen
	later     bool // it is not the first of its connection, so it cannot be the preface
	prefaced  int  // how many bytes of the preface it has started with
	http2     bool // it is the preface of HTTP/2
	whole     bool // its end has been read
	bytes     int
	lines     int
	line      int  // length of the line that is read, without line breaks
	last      byte // its last byte
}

// read counts bytes. It ignores what follows the end of the header.
func (h *header) read(b []byte) {
	if h.encrypted {
		h.bytes += len(b)
		return
	}
	if h.http2 = h.isPreface(b); h.http2 {
		return
	}
	for len(b) > 0 && !h.whole {
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			h.add(b)
			return
		}
		h.add(b[:end])
		h.endLine()
		b = b[end+1:]
	}
}

// isPreface reports whether all that has been read, and now b, starts with the preface.
func (h *header) isPreface(b []byte) bool {
	if h.later {
		return false
	}
	n := min(len(b), len(preface)-h.prefaced)
	h.later = string(b[:n]) != preface[h.prefaced:h.prefaced+n]
	h.prefaced += n
	return !h.later && h.prefaced == len(preface)
}

// isRead reports whether all of the header has been read. The preface contains an empty line,
// which is not its end.
func (h *header) isRead() bool { return h.http2 || h.whole && h.later }

// add adds a part of a line.
func (h *header) add(part []byte) {
	h.bytes += len(part)
	h.line += len(part)
	if len(part) > 0 {
		h.last = part[len(part)-1]
	}
}

// endLine ends a line. An empty line ends the header, unless it is the first: some
// clients send one after the body of a POST.
func (h *header) endLine() {
	h.bytes++
	empty := h.line == 0 || h.line == 1 && h.last == '\r'
	h.whole = empty && h.lines > 0
	if !empty {
		h.lines++
	}
	h.line, h.last = 0, 0
}

// cost returns the memory that the header uses beyond what each connection may use, in
// bytes.
func (h *header) cost() int64 {
	size := int64(max(0, h.bytes-freeHeader))
	if h.encrypted {
		return size * costEncrypted
	}
	return size + int64(max(0, h.lines-freeLines))*costLine
}
