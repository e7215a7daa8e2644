package pasted

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// mostResponses limits how many responses are read. curl follows 50 redirects.
const mostResponses = 128

// mostLines limits how many lines a header has.
const mostLines = 10_000

// nextHead finds the start of another response: a status line with a header line or a
// blank line below it. It can follow a body without a line break in between.
var nextHead = regexp.MustCompile(`HTTP/[0-9](?:\.[0-9])? [1-9][0-9][0-9](?: [^\r\n]*)?\r?\n(?:\r?\n|[!#$%&'*+.^_` + "`" + `|~0-9A-Za-z-]+:)`)

// parseResponses reads all responses of a text that starts with a status line.
func parseResponses(text []byte) (responses []Response, err error) {
	line := 1
	for len(text) > 0 {
		if len(responses) == mostResponses {
			return nil, fmt.Errorf("there are more than %d responses", mostResponses)
		}
		var r Response
		if r, text, err = parseResponse(text, &line); err != nil {
			return nil, err
		}
		responses = append(responses, r)
	}
	return responses, nil
}

// parseResponse reads one response, and returns the text after it. line is the number of
// its first line, and becomes that of the line after its head.
func parseResponse(text []byte, line *int) (r Response, rest []byte, err error) {
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	status := statusLine.FindSubmatch(bytes.TrimRight(first, "\r"))
	if status == nil {
		return r, nil, fmt.Errorf("line %d is not the status line of a response", *line)
	}
	r.Status, _ = strconv.Atoi(string(status[1]))
	if r, rest, err = parseHead(r, rest, *line+1); err != nil {
		return r, nil, err
	}
	body := bodyLength(r, rest)
	r.Body, rest = rest[:body], bytes.TrimLeft(rest[body:], "\r\n")
	*line += bytes.Count(text[:len(text)-len(rest)], []byte("\n"))
	r.dropCoding()
	return r, rest, nil
}

// parseHead reads header lines to the blank line after them, or to the end of the text. line
// is the number of the first one.
func parseHead(r Response, text []byte, line int) (Response, []byte, error) {
	r.Header = http.Header{}
	last, end := "", line+mostLines
	for len(text) > 0 {
		row, rest, _ := bytes.Cut(text, []byte("\n"))
		text = rest
		row = bytes.TrimRight(row, "\r")
		if len(row) == 0 {
			return r, text, nil
		}
		name, value, ok := strings.Cut(string(row), ":")
		switch {
		case line == end:
			return r, nil, fmt.Errorf("line %d: the header has more than %d lines", line, mostLines)
		case verboseRow.Match(row):
			return r, nil, ErrVerbose
		case (row[0] == ' ' || row[0] == '\t') && last != "": // an old form of long lines
			lines := r.Header[last]
			lines[len(lines)-1] += " " + strings.TrimSpace(string(row))
		case !ok || !headerLine.MatchString(name+": "):
			return r, nil, fmt.Errorf("line %d is not a line of a header. A blank line must be between the header and the body", line)
		default:
			last = http.CanonicalHeaderKey(name)
			r.Header[last] = append(r.Header[last], strings.TrimSpace(value))
		}
		line++
	}
	return r, nil, nil
}

// bodyLength returns the length of the body of a response at the start of a text, which may
// have more responses after it.
func bodyLength(r Response, text []byte) int {
	if r.Status < 200 || r.Status == http.StatusNoContent || r.Status == http.StatusNotModified {
		return 0
	}
	next := nextHead.FindIndex(text)
	if next == nil {
		return len(trimPrompt(r, text))
	}
	// A body could quote a response. Its length says whether it does, unless curl has
	// decompressed it or line ends were changed.
	if n, err := strconv.Atoi(r.Header.Get("Content-Length")); err == nil && n >= next[1] && n <= len(text) {
		if after := bytes.TrimLeft(text[n:], "\r\n"); len(after) == 0 || nextHead.FindIndex(after) != nil && bytes.HasPrefix(after, []byte("HTTP/")) {
			return n
		}
	}
	return next[0]
}

// trimPrompt removes line breaks at the end that the body does not have: editors and shells
// add them.
func trimPrompt(r Response, text []byte) []byte {
	n, err := strconv.Atoi(r.Header.Get("Content-Length"))
	if err == nil && n >= 0 && n < len(text) && len(bytes.Trim(text[n:], "\r\n")) == 0 {
		return text[:n]
	}
	return text
}

// dropCoding removes the codings from the header of a response that curl has decoded. curl
// --compressed leaves the line Content-Encoding.
func (r *Response) dropCoding() {
	r.Header.Del("Transfer-Encoding")
	if r.Header.Get("Content-Encoding") != "" && utf8.Valid(r.Body) {
		r.Header.Del("Content-Encoding")
	}
}

// Last returns the last response for which a function is true, and its index.
func Last(responses []Response, is func(Response) bool) (Response, int, bool) {
	for i := len(responses) - 1; i >= 0; i-- {
		if is(responses[i]) {
			return responses[i], i, true
		}
	}
	return Response{}, -1, false
}
