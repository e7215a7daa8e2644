package discover

import (
	"fmt"
	"regexp"
	"slices"
)

// jwe is the shape of an encrypted token (RFC 7516, section 7.1): a header that is a JSON
// object, and four more parts.
var jwe = regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\b`)

// opaque is a member of a JSON answer that is usually a token.
var opaque = regexp.MustCompile(`"(access_?[tT]oken|id_?[tT]oken|jwt|token)"\s*:\s*"([^".]{16,})"`)

// Unreadable says which answers of a session have tokens that only the backend can
// read, as sentences: encrypted and opaque ones. shown
// returns a path without what says who somebody is.
func Unreadable(exchanges []Exchange, shown func(path string) string) (notes []string) {
	add := func(e Exchange, format string, args ...any) {
		note := fmt.Sprintf("%s %s ", e.Method, shown(e.Path)) + fmt.Sprintf(format, args...)
		if !slices.Contains(notes, note) && len(notes) < 8 {
			notes = append(notes, note)
		}
	}
	for _, e := range exchanges {
		if e.Status >= 400 {
			continue
		}
		for _, lines := range e.Header {
			if slices.ContainsFunc(lines, jwe.MatchString) {
				add(e, "answers with an encrypted token (JWE) in a header. No claim can be added to it")
			}
		}
		switch member := opaque.FindSubmatch(e.Body); {
		case jwe.Match(e.Body):
			add(e, "answers with an encrypted token (JWE). No claim can be added to it")
		case member != nil:
			add(e, "answers with an opaque %s, which is not a JWT. No claim can be added to it", member[1])
		}
	}
	return notes
}
