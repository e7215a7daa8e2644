package sidecar

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/pasted"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// A RuleError says that it is not clear which rule handles a response, and names the rules.
type RuleError struct{ Text string }

// Error implements error.
func (e *RuleError) Error() string { return e.Text }

// ruleNamed returns the rule with a pattern, or the one that matches a request such as
// "POST /login".
func (t *trier) ruleNamed(name string) (proxy.Rule, error) {
	rules := t.rules()
	name = strings.Join(strings.Fields(name), " ")
	for _, rule := range rules {
		if rule.Pattern == name {
			return rule, nil
		}
	}
	if pattern := t.match(name); pattern != "" {
		for _, rule := range rules {
			if rule.Pattern == pattern {
				return rule, nil
			}
		}
		return proxy.Rule{}, errRule("the rule %s is for requests only: serve does not look for tokens in its responses.%s", pattern, listed(rules))
	}
	return proxy.Rule{}, errRule("no rule has the pattern %q.%s", name, listed(rules))
}

// match returns the pattern of the rule that matches a request such as "POST /login".
func (t *trier) match(request string) string {
	method, path, ok := strings.Cut(request, " ")
	if !ok || !strings.HasPrefix(path, "/") {
		return ""
	}
	r, err := http.NewRequest(method, path, nil)
	if err != nil {
		return ""
	}
	return t.proxy.Pattern(r)
}

// chooseRule returns the rule that is named, the only rule, or the only one whose locations
// fit one of the responses.
func (t *trier) chooseRule(input TryInput) (proxy.Rule, error) {
	if input.Rule != "" {
		return t.ruleNamed(input.Rule)
	}
	rules := t.rules()
	switch len(rules) {
	case 0:
		return proxy.Rule{}, errRule("no rule has tokens, so serve does not look for any in responses. With oidc: true, the rules come from the backend's discovery document.")
	case 1:
		return rules[0], nil
	}
	fits := slices.DeleteFunc(slices.Clone(rules), func(rule proxy.Rule) bool {
		return !slices.ContainsFunc(input.Responses, func(r pasted.Response) bool { return hasTokens(rule, r) })
	})
	if len(fits) > 1 { // another rule has precedence over the one for responses from any path
		fits = slices.DeleteFunc(fits, func(rule proxy.Rule) bool { return rule.Elsewhere })
	}
	switch len(fits) {
	case 0:
		return proxy.Rule{}, errRule("there is no token at the locations of any rule%s. Name the rule that matches the request with --rule.%s", insteadOf(input.Responses), listed(rules))
	case 1:
		return fits[0], nil
	}
	return proxy.Rule{}, errRule("the locations of %d rules fit. Name the rule that matches the request with --rule.%s", len(fits), listed(fits))
}

// listed lists rules, in a form that can be copied to a command line.
func listed(rules []proxy.Rule) string {
	var list strings.Builder
	for _, rule := range rules {
		fmt.Fprintf(&list, "\n  --rule '%s'", rule.Pattern)
		for _, location := range rule.Tokens {
			fmt.Fprintf(&list, "  %s", location)
		}
	}
	return list.String()
}

// insteadOf says where there are tokens in responses.
func insteadOf(responses []pasted.Response) string {
	last, _, ok := pasted.Last(responses, surveysTokens)
	if !ok {
		return ""
	}
	return ", but there is one at " + strings.Join(surveyed(messageOf(last)), ", ")
}

// chooseResponse returns the last response in which the rule finds a token, else the last
// that has one, and else the last. Its number starts at 1.
func chooseResponse(rule proxy.Rule, responses []pasted.Response) (pasted.Response, int) {
	for _, is := range []func(pasted.Response) bool{
		func(r pasted.Response) bool { return hasTokens(rule, r) },
		surveysTokens,
		func(pasted.Response) bool { return true },
	} {
		if r, i, ok := pasted.Last(responses, is); ok {
			return r, i + 1
		}
	}
	return pasted.Response{}, 0
}

func hasTokens(rule proxy.Rule, r pasted.Response) bool {
	return len(messageOf(r).Find(rule.Tokens)) > 0
}

func surveysTokens(r pasted.Response) bool { return len(messageOf(r).Survey()) > 0 }

func messageOf(r pasted.Response) locate.Response {
	return locate.Response{Header: r.Header, Body: r.Body}
}

// surveyed returns the locations of all tokens of a response, each once.
func surveyed(r locate.Response) []string {
	var places []string
	for _, found := range r.Survey() {
		if place := found.Location.String(); !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return places
}

// httpResponse returns a response in the form of package http.
func httpResponse(r pasted.Response) *http.Response {
	return &http.Response{
		StatusCode: r.Status, ProtoMajor: 1, ProtoMinor: 1,
		Header: r.Header.Clone(), Body: io.NopCloser(bytes.NewReader(r.Body)), ContentLength: int64(len(r.Body)),
	}
}
