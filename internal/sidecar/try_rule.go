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

// chooseRule returns the rule that is named, the only rule, or the one whose locations fit
// one of the responses. If several fit and would do the same, it returns the first, and
// all of them.
func (t *trier) chooseRule(input TryInput) (rule proxy.Rule, same []proxy.Rule, err error) {
	if input.Rule != "" {
		rule, err = t.ruleNamed(input.Rule)
		return rule, nil, err
	}
	rules := t.rules()
	switch len(rules) {
	case 0:
		return proxy.Rule{}, nil, errRule("no rule has tokens, so serve does not look for any in responses. With oidc: true, the rules come from the backend's discovery document.")
	case 1:
		return rules[0], nil, nil
	}
	fits := slices.DeleteFunc(slices.Clone(rules), func(rule proxy.Rule) bool {
		return !slices.ContainsFunc(input.Responses, func(r pasted.Response) bool { return t.hasTokens(rule, r) })
	})
	if len(fits) > 1 { // another rule has precedence over the one for responses from any path
		fits = slices.DeleteFunc(fits, func(rule proxy.Rule) bool { return rule.Elsewhere })
	}
	switch len(fits) {
	case 0:
		return proxy.Rule{}, nil, errRule("there is no token at the locations of any rule%s. Name the rule that matches the request with --rule.%s", t.insteadOf(input.Responses), listed(rules))
	case 1:
		return fits[0], nil, nil
	}
	if !slices.ContainsFunc(fits[1:], func(rule proxy.Rule) bool { return !t.doesTheSame(fits[0], rule, input.Responses) }) {
		return fits[0], fits, nil
	}
	return proxy.Rule{}, nil, errRule("the locations of %d rules fit. Name the rule that matches the request with --rule.%s", len(fits), listed(fits))
}

// doesTheSame reports whether serve does the same with responses by one rule as by another.
// Whether a request is a refresh does not matter, because [Try] treats all as refreshes.
func (t *trier) doesTheSame(a, b proxy.Rule, responses []pasted.Response) bool {
	response, number := t.chooseResponse(a, responses)
	_, other := t.chooseResponse(b, responses)
	message := t.messageOf(response)
	return number == other && a.OnFailure == b.OnFailure && a.Gate == b.Gate && a.UserInfo == b.UserInfo &&
		slices.Equal(a.Addresses, b.Addresses) && sameTokens(message.Find(a.Tokens), message.Find(b.Tokens))
}

// sameTokens reports whether the same tokens were found at the same places, in any order.
func sameTokens(a, b []locate.Occurrence) bool {
	within := func(a, b []locate.Occurrence) bool {
		return !slices.ContainsFunc(a, func(o locate.Occurrence) bool {
			return !slices.ContainsFunc(b, func(p locate.Occurrence) bool { return o.Location == p.Location && o.Token == p.Token })
		})
	}
	return within(a, b) && within(b, a)
}

// sameNote says that other rules would do the same as the first.
func sameNote(rules []proxy.Rule) string {
	var names []string
	for _, rule := range rules[1:] {
		names = append(names, "'"+rule.Pattern+"'")
	}
	return fmt.Sprintf("no --rule was named, so this is the first rule that fits. The result is the same with --rule %s.", strings.Join(names, ", "))
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
func (t *trier) insteadOf(responses []pasted.Response) string {
	last, _, ok := pasted.Last(responses, t.surveysTokens)
	if !ok {
		return ""
	}
	return ", but there is one at " + strings.Join(surveyed(t.messageOf(last)), ", ")
}

// chooseResponse returns the last response in which the rule finds a token, else the last
// that has one, and else the last. Its number starts at 1.
func (t *trier) chooseResponse(rule proxy.Rule, responses []pasted.Response) (pasted.Response, int) {
	for _, is := range []func(pasted.Response) bool{
		func(r pasted.Response) bool { return t.hasTokens(rule, r) },
		t.surveysTokens,
		func(pasted.Response) bool { return true },
	} {
		if r, i, ok := pasted.Last(responses, is); ok {
			return r, i + 1
		}
	}
	return pasted.Response{}, 0
}

func (t *trier) hasTokens(rule proxy.Rule, r pasted.Response) bool {
	return len(t.messageOf(r).Find(rule.Tokens)) > 0
}

func (t *trier) surveysTokens(r pasted.Response) bool { return len(t.messageOf(r).Survey()) > 0 }

// messageOf returns a response as serve reads it, without its content codings.
func (t *trier) messageOf(r pasted.Response) locate.Response {
	body, err := proxy.DecodeBody(r.Header, r.Body, int64(t.cfg.Limits.Body))
	if err != nil {
		body = r.Body
	}
	return locate.Response{Header: r.Header, Body: body}
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
