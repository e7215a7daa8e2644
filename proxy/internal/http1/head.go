package http1

import (
	"bytes"
	"net/http"
	"net/textproto"
	"strings"
)

// maxFields limits the fields of a header that parseHead reads.
const maxFields = 64

// A head is the start of a response with a Content-Length.
type head struct {
	size   int // in bytes
	status int
	reason string // with the status
	header http.Header
	length int64 // the Content-Length
}

// parseHead parses the head of a usual response. It allocates half as often as
// [http.ReadResponse] (BenchmarkHead).
//
// It takes only what all parsers understand in the same way: a complete head of HTTP/1.1 with
// a Content-Length, and nothing else that has to do with framing. For everything else ok is
// false, and http.ReadResponse decides. What it takes it reads as http.ReadResponse does.
func parseHead(p []byte) (h head, ok bool) {
	end := bytes.Index(p, []byte("\r\n\r\n"))
	if end < 0 {
		return head{}, false
	}
	h.size, h.length = end+len("\r\n\r\n"), -1
	text := string(p[:end]) // shared by all names and values
	line, rest, _ := strings.Cut(text, "\r\n")
	if !h.parseStatus(line) {
		return head{}, false
	}
	lines := strings.Count(rest, "\r\n") + 1
	if lines > maxFields {
		return head{}, false
	}
	h.header = make(http.Header, lines)
	values := make([]string, lines)
	for i := range values {
		line, rest, _ = strings.Cut(rest, "\r\n")
		name, value, ok := parseField(line)
		if !ok || !h.takes(name, value) {
			return head{}, false
		}
		if before := h.header[name]; before != nil {
			h.header[name] = append(before, value)
			continue
		}
		values[i] = value
		h.header[name] = values[i : i+1 : i+1]
	}
	return h, h.length >= 0
}

// parseStatus parses the first line. It does not take the responses that never have a body, and
// those before the final one.
func (h *head) parseStatus(line string) bool {
	const version = "HTTP/1.1 "
	if len(line) < len(version)+3 || line[:len(version)] != version || !isValue(line) {
		return false
	}
	h.reason = line[len(version):]
	for _, c := range h.reason[:3] {
		if c < '0' || c > '9' {
			return false
		}
		h.status = 10*h.status + int(c-'0')
	}
	if len(h.reason) > 3 && h.reason[3] != ' ' {
		return false
	}
	return h.status >= 200 && h.status != http.StatusNoContent && h.status != http.StatusNotModified
}

// parseField parses a line of the header.
func parseField(line string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(line, ":")
	if !ok || !isToken(name) || !isValue(value) {
		return "", "", false
	}
	return textproto.CanonicalMIMEHeaderKey(name), strings.Trim(value, " \t"), true
}

// takes reports whether a response with this field is a usual one. It notes the length.
func (h *head) takes(name, value string) bool {
	switch name {
	case "Content-Length":
		return h.length < 0 && h.parseLength(value)
	case "Connection":
		return strings.EqualFold(value, "keep-alive")
	case "Transfer-Encoding", "Trailer", "Pragma":
		return false
	}
	return true
}

// parseLength parses a Content-Length of at most 18 digits, which fit.
func (h *head) parseLength(value string) bool {
	if value == "" || len(value) > 18 {
		return false
	}
	h.length = 0
	for _, c := range []byte(value) {
		if c < '0' || c > '9' {
			return false
		}
		h.length = 10*h.length + int64(c-'0')
	}
	return true
}

// isValue reports whether a text has no control characters but tabs.
func isValue(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
