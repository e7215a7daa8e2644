// Package pasted reads what people copy from a terminal or a browser: a token, a JSON
// answer, a page, or whole HTTP responses as curl -i prints them. Errors name lines, and
// never quote what was pasted.
package pasted

import (
	"bytes"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"unicode"
)

// An Input is what was pasted: a token, or responses.
type Input struct {
	// Token is a text without blanks, which may be a token. It is empty if there are
	// Responses.
	Token string
	// Responses are in the order in which they arrived. There can be several after a
	// redirect, from a proxy, or because of 100 Continue.
	Responses []Response
}

// A Response is a response of a backend.
type Response struct {
	// Status is 200 for a body without a head.
	Status int
	Header http.Header
	// Body is without a transfer coding. If it has a Content-Encoding, Header says so.
	Body []byte
}

// ErrVerbose is the error for the output of curl -v.
var ErrVerbose = errors.New("this is the output of curl -v, which mixes the request, the connection and the response. Use curl -i")

// ErrRequest is the error for a request.
var ErrRequest = errors.New("this is a request, and not the response to it. Use curl -i, or copy the response")

// ErrEmpty is the error for input without any text.
var ErrEmpty = errors.New("there is no text")

// IsLine reports whether the first line of an input is all of it, because it is a token
// and not the start of a message. So a program does not have to wait for the end of the
// input.
func IsLine(line string) bool {
	if isUTF16([]byte(line)) {
		return false
	}
	line = strings.TrimSpace(strings.TrimPrefix(line, utf8Mark))
	return line != "" && kindOf([]byte(line)) == aToken
}

// kind is the kind of an input.
type kind int

const (
	aToken kind = iota
	aMessage
	aHead // header lines without a status line
	aBody
	aPage
	anAddress
	aRequest
	verbose
)

var (
	statusLine = regexp.MustCompile(`^HTTP/[0-9](?:\.[0-9])? ([1-9][0-9][0-9])(?: [^\n]*)?$`)
	requestRow = regexp.MustCompile(`^[A-Z]{3,10} [^ \t]+ HTTP/[0-9](?:\.[0-9])?$`)
	headerLine = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t]")
	verboseRow = regexp.MustCompile(`^(?:[*<>] |[{}] \[[0-9]+ bytes data\])`)
	address    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:/[^ \t]+[?#][^ \t]+$`)
)

// kindOf returns the kind of a text that has no blanks around it.
func kindOf(text []byte) kind {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	line = bytes.TrimRight(line, "\r")
	switch {
	case statusLine.Match(line):
		return aMessage
	case requestRow.Match(line):
		return aRequest
	case verboseRow.Match(line):
		return verbose
	case isJSON(text):
		return aBody
	case line[0] == '<':
		return aPage
	case address.Match(line):
		return anAddress
	case headerLine.Match(line) && !isAuthorization(line):
		return aHead
	}
	return aToken
}

// isJSON reports whether a text starts like JSON, or like JSON after a prefix against
// hijacking.
func isJSON(text []byte) bool {
	for _, prefix := range []string{"{", "[", `"`, ")]}'", "while(1);", "for(;;);"} {
		if bytes.HasPrefix(text, []byte(prefix)) {
			return true
		}
	}
	return false
}

func isAuthorization(line []byte) bool {
	name, _, _ := bytes.Cut(line, []byte(":"))
	return strings.EqualFold(string(name), "Authorization")
}

// Parse reads an input. Of several lines of which the first is a token, it takes that line.
func Parse(text []byte) (Input, error) {
	if isUTF16(text) {
		text = fromUTF16(text)
	}
	text = bytes.TrimLeftFunc(bytes.TrimPrefix(text, []byte(utf8Mark)), unicode.IsSpace)
	if len(text) == 0 {
		return Input{}, ErrEmpty
	}
	switch kindOf(text) {
	case verbose:
		return Input{}, ErrVerbose
	case aRequest:
		return Input{}, ErrRequest
	case aMessage:
		responses, err := parseResponses(text)
		return Input{Responses: responses}, err
	case aHead:
		response, _, err := parseHead(Response{Status: http.StatusOK}, text, 1)
		return Input{Responses: []Response{response}}, err
	case aBody:
		return only(http.StatusOK, "Content-Type", "application/json", text), nil
	case aPage:
		return only(http.StatusOK, "Content-Type", "text/html; charset=utf-8", text), nil
	case anAddress:
		line, _, _ := strings.Cut(string(text), "\n")
		return only(http.StatusFound, "Location", strings.TrimSpace(line), nil), nil
	}
	line, _, _ := strings.Cut(string(text), "\n")
	token := tokenOf(line)
	if token == "" {
		return Input{}, ErrEmpty
	}
	return Input{Token: token}, nil
}

// only returns an input of one response with one line in its header.
func only(status int, name, value string, body []byte) Input {
	return Input{Responses: []Response{{Status: status, Header: http.Header{name: {value}}, Body: body}}}
}

// tokenOf returns the token in a line, without a header name and a scheme before it.
func tokenOf(line string) string {
	if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(name), "Authorization") {
		line = value
	}
	line = strings.TrimSpace(line)
	if scheme, token, ok := strings.Cut(line, " "); ok && isWord(scheme) {
		return strings.TrimSpace(token)
	}
	return line
}

// isWord reports whether a text can be an authentication scheme.
func isWord(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	})
}
