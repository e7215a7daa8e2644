package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tokengraft/tokengraft/internal/appservices/expression"
	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// checkForward checks which headers the backend gets about users.
func checkForward(c *Config, r *yamlbind.Report) {
	var patterns []pattern
	for i, f := range c.Forward {
		path := fmt.Sprintf("forward[%d]", i)
		patterns = append(patterns, pattern{path + ".match", f.Match})
		checkPattern(patterns[i], patterns[:i], r)
		if part, _, _ := strings.Cut(f.Token.String(), ":"); part != "header" && part != "cookie" && r.Set(path+".token") {
			r.Fault(path+".token", errors.New("must be header:NAME or cookie:NAME, because other parts of a request are not searched"))
		}
		if !r.Set(path+".headers") && !r.Set(path+".allow") {
			r.Fault(path, errors.New("has no effect; set headers or allow"))
		}
		checkUserHeaders(path+".headers", f.Headers, r)
	}
	if len(c.Forward) > 0 && !c.Restores() {
		r.Fault("restore.mode", errors.New("must be on with forward, because only tokens that can be restored are known to be enriched here"))
	}
}

// checkUserHeaders checks the headers of one pattern.
func checkUserHeaders(path string, headers map[string]string, r *yamlbind.Report) {
	seen := map[string]string{}
	for _, name := range headerNames(headers) {
		at := yamlbind.Entry(path, name)
		if err := checkHeaderName(name); err != nil {
			r.Fault(at, err)
		} else if other, ok := seen[foldName(name)]; ok {
			r.Fault(at, fmt.Errorf("is the same header as %s for many backends; remove one of them", other))
		}
		seen[foldName(name)] = name
		if err := checkHeaderValue(headers[name]); err != nil {
			r.Fault(at, err)
		}
	}
}

// headerNames returns the names of headers, sorted.
func headerNames(headers map[string]string) []string {
	var names []string
	for name := range headers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// foldName returns a name as backends compare it that put headers into the environment:
// they cannot tell - from _ or another character.
func foldName(name string) string {
	return strings.Map(func(c rune) rune {
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			return c
		}
		return '-'
	}, strings.ToLower(name))
}

// The headers that HTTP, the proxy or authentication use.
var (
	reservedHeaders = []string{
		"host", "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect", "http2-settings",
		"authorization", "proxy-authorization", "proxy-authenticate", "cookie", "cookie2", "set-cookie", "origin", "referer", "dpop",
		"forwarded", "x-real-ip", "via", "x-http-method-override", "x-http-method", "x-method-override",
		"accept-encoding", "range", "if-range", "digest", "repr-digest", "signature", "signature-input", "date", "max-forwards",
		"traceparent", "tracestate", "baggage",
	}
	reservedPrefixes = []string{"content-", "x-forwarded-", "x-original-", "x-rewrite-", "sec-", "access-control-"}
)

func checkHeaderName(name string) error {
	if strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~") != "" || name == "" {
		return errors.New("is not a name of a header; use letters, digits and hyphens, such as X-User-Language")
	}
	folded := foldName(name)
	if slices.Contains(reservedHeaders, folded) || slices.ContainsFunc(reservedPrefixes, func(prefix string) bool { return strings.HasPrefix(folded, prefix) }) {
		return errors.New("has a meaning in HTTP, for proxies or for authentication; use a name such as X-User-Language")
	}
	return nil
}

func checkHeaderValue(value string) error {
	for _, c := range []byte(value) {
		if c < ' ' || c > '~' {
			return errors.New("must be printable ASCII; remove other characters")
		}
	}
	if value == "" || strings.TrimSpace(value) != value {
		return errors.New("must not be empty, nor begin or end with a space")
	}
	var faults expression.Faults
	if _, err := expression.ParseText(value, expression.Scope{}); errors.As(err, &faults) {
		return faults[0].Err
	}
	return nil
}
