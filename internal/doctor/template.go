package doctor

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// values has what templates name.
type values struct {
	env     func(string) (string, bool)
	token   string     // empty before the login
	answers []exchange // those of the last refresh, and of the login; the first that has a value counts
	unknown bool       // the login has not run, so what it answers is empty
}

// variable is what can be between ${ and }. Other text is not quoted in errors.
var variable = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*|(json|header|cookie|query|fragment):[^"\s&=]{1,100})$`)

var errVariable = errors.New("a ${ is not followed by the name of a variable or a location and a }; write $${ for the characters themselves")

// expand replaces the variables of a template with escaped values. The error names the
// variable, and never a value.
func (v values) expand(template string, escape func(string) string) (string, error) {
	var text strings.Builder
	for {
		start := strings.Index(template, "${")
		if start < 0 {
			text.WriteString(template)
			return text.String(), nil
		}
		if start > 0 && template[start-1] == '$' {
			text.WriteString(template[:start-1] + "${")
			template = template[start+2:]
			continue
		}
		name, rest, ok := strings.Cut(template[start+2:], "}")
		if !ok || !variable.MatchString(name) {
			return "", errVariable
		}
		value, err := v.value(name)
		if err != nil {
			return "", err
		}
		text.WriteString(template[:start] + escape(value))
		template = rest
	}
}

// check returns an error if a template of a request is wrong, or if an environment
// variable is not set. Values of the login are not known yet, so they are empty.
func (v values) check(r Request) error {
	templates := []string{r.Path}
	for _, line := range r.Header {
		templates = append(templates, line.Value)
	}
	if !r.Literal {
		templates = append(templates, r.Body)
	}
	v.unknown = true
	for _, template := range templates {
		if _, err := v.expand(template, verbatim); err != nil {
			return err
		}
	}
	return nil
}

// value returns the value of a variable.
func (v values) value(name string) (string, error) {
	place, _, located := strings.Cut(name, ":")
	switch {
	case v.unknown && (name == "token" || located || name == "body"):
		return "", nil
	case name == "token":
		if v.token == "" {
			return "", errors.New("there is no token for ${token}")
		}
		return v.token, nil
	case located || name == "body":
		for _, answer := range v.answers {
			if value, ok := answer.value(place, strings.TrimPrefix(name, place+":")); ok {
				return value, nil
			}
		}
		return "", fmt.Errorf("the answer to the login has nothing at %s", name)
	}
	if value, ok := v.env(name); ok {
		return value, nil
	}
	return "", fmt.Errorf("the environment variable %s is not set", name)
}

// escapeFor returns how values are escaped in a body.
func escapeFor(t bodyType) func(string) string {
	switch t {
	case jsonBody:
		return func(value string) string {
			quoted := jsonedit.Quote(value)
			return string(quoted[1 : len(quoted)-1])
		}
	case formBody:
		return url.QueryEscape
	}
	return verbatim
}

// escapeInPath escapes a value for a path and for its query.
func escapeInPath(value string) string {
	return strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
}

func verbatim(value string) string { return value }

// value returns a value of an answer: its refresh token, for example. Unlike a rule, it
// may be any text.
func (e exchange) value(place, name string) (string, bool) {
	switch place {
	case "json":
		return e.jsonValue(name)
	case "header":
		value := e.header.Get(name)
		return value, value != ""
	case "cookie":
		for _, cookie := range (&http.Response{Header: e.header}).Cookies() {
			if cookie.Name == name {
				return cookie.Value, true
			}
		}
	case "query", "fragment":
		return e.redirectValue(place, name)
	case "body":
		return strings.TrimSpace(string(e.body)), len(e.body) > 0
	}
	return "", false
}

func (e exchange) jsonValue(path string) (string, bool) {
	parsed, err := jsonedit.ParsePath(path)
	if err != nil {
		return "", false
	}
	spans, err := jsonedit.Strings(e.json(), parsed)
	if err != nil || len(spans) == 0 {
		return "", false
	}
	return spans[0].Value, true
}

// json returns the body from where its JSON starts, after an anti-hijacking prefix.
func (e exchange) json() []byte {
	if i := bytes.IndexAny(e.body, `{["`); i > 0 {
		return e.body[i:]
	}
	return e.body
}

func (e exchange) redirectValue(place, name string) (string, bool) {
	location, err := url.Parse(e.header.Get("Location"))
	if err != nil {
		return "", false
	}
	query := location.RawQuery
	if place == "fragment" {
		query = location.EscapedFragment()
	}
	parameters, _ := url.ParseQuery(query)
	return parameters.Get(name), parameters.Has(name)
}
