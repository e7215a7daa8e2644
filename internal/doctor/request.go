package doctor

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// A Request is one request to the sidecar. Path, the values of Header and Body are
// templates: ${NAME} is an environment variable, ${token} the enriched token, and a
// location such as ${json:refresh_token}, ${header:X-Token} or ${cookie:refresh} is that
// value of the answer to the login. Values are escaped for where they are. $${ is ${.
type Request struct {
	Method, Path string
	Header       []Line
	Body         string
	// Literal means that Body is not a template.
	Literal bool
}

// A Line is one line of a header.
type Line struct{ Name, Value string }

// IsZero reports whether the request has no path.
func (r Request) IsZero() bool { return r.Path == "" }

// ParseRequest parses a method and a path, such as "POST /login". Without a method, it is
// GET.
func ParseRequest(text string) (Request, error) {
	method, path, ok := strings.Cut(strings.TrimSpace(text), " ")
	if !ok {
		method, path = http.MethodGet, method
	}
	r := Request{Method: method, Path: strings.TrimSpace(path)}
	if method != strings.ToUpper(method) || !strings.HasPrefix(r.Path, "/") || strings.ContainsAny(r.Path, " \t\r\n#") {
		return Request{}, errors.New("must be a method and a path, like 'POST /login', or @FILE")
	}
	return r, nil
}

// ParseFile parses a whole request: the method and the path in the first line, then lines
// of the header, a blank line, and the body. One line break at the end of the body is
// dropped.
func ParseFile(text string) (Request, error) {
	head, body, _ := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	first := lines[0]
	for _, version := range []string{" HTTP/1.1", " HTTP/1.0", " HTTP/2"} {
		first = strings.TrimSuffix(first, version)
	}
	r, err := ParseRequest(first)
	if err != nil {
		return Request{}, errors.New("its first line must be a method and a path, like POST /login")
	}
	for i, text := range lines[1:] {
		line, err := ParseLine(text)
		if err != nil {
			return Request{}, fmt.Errorf("line %d %w", i+2, err)
		}
		r.Header = append(r.Header, line)
	}
	r.Body = strings.TrimSuffix(body, "\n")
	return r, nil
}

// ParseLine parses a line of a header. The error does not quote the line.
func ParseLine(text string) (Line, error) {
	name, value, ok := strings.Cut(text, ":")
	if name = strings.TrimSpace(name); !ok || name == "" || strings.ContainsAny(name, " \t") {
		return Line{}, errors.New("must be a header line, like 'X-Tenant: ${TENANT}'")
	}
	return Line{name, strings.TrimSpace(value)}, nil
}

// get returns the first value of a header.
func (r Request) get(name string) string {
	for _, line := range r.Header {
		if strings.EqualFold(line.Name, name) {
			return line.Value
		}
	}
	return ""
}

// name is the request in findings: without its query, which may have secrets.
func (r Request) name() string {
	path, _, _ := strings.Cut(r.Path, "?")
	return r.Method + " " + path
}

// A bodyType is the type of a request's body, which decides how values are escaped.
type bodyType string

const (
	jsonBody  bodyType = "application/json"
	formBody  bodyType = "application/x-www-form-urlencoded"
	otherBody bodyType = "text/plain"
)

// bodyType returns the type that the request says, or else the one that the body looks
// like.
func (r Request) bodyType() bodyType {
	declared := strings.ToLower(r.get("Content-Type"))
	start := strings.TrimLeft(r.Body, " \t\r\n")
	switch {
	case strings.Contains(declared, "json"):
		return jsonBody
	case strings.HasPrefix(declared, string(formBody)):
		return formBody
	case declared != "":
		return otherBody
	case strings.HasPrefix(start, "{"), strings.HasPrefix(start, "["), strings.HasPrefix(start, `"`):
		return jsonBody
	case strings.Contains(start, "="):
		return formBody
	}
	return otherBody
}
