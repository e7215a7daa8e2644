package locate

import (
	"bytes"
	"net/http"
	"strings"
)

// HasToken reports whether the response contains something in the shape of a JWS, or of
// the start of one, at any place of its header or body: a JSON object with alg in
// base64url, without enc. Text before it, escaped characters, base64 and the NULs of
// UTF-16 do not hide it. It ignores tokens for which ignored returns true. It also ignores
// the parameters code, state and request of a redirect, and the hidden inputs code and
// state, which are not tokens of OAuth whatever their shape, if they have nothing else in
// them. It also returns true if the response has too much to look at all of it.
func (r Response) HasToken(ignored func(token string) bool) bool {
	hasToken := false
	s := shapes{see: func(text string, _ bool) { hasToken = hasToken || !ignored(text) }}
	for name, lines := range r.Header {
		for _, line := range lines {
			s.scan(withoutOAuthParams(name, line))
		}
	}
	s.scan(string(r.withoutOAuthInputs()))
	return hasToken || s.tooMuch
}

// Tokens yields what has the shape of a whole JWS in the request: in its path, query,
// header and body. If there are very many, it yields some of them. It leaves out tokens
// that anyone could guess, because they have no signature. Keep none of them: each is a
// part of a text that can be as large as the body.
func (r Request) Tokens(yield func(token string)) {
	s := shapes{see: func(text string, signed bool) {
		if signed {
			yield(text)
		}
	}}
	s.scan(r.Path)
	s.scan(r.Query)
	for _, lines := range r.Header {
		for _, line := range lines {
			s.scan(line)
		}
	}
	s.scan(string(r.Body))
}

// withoutOAuthParams returns a line of a header. Without code, state and request if it is
// the address of a redirect: a broker sends users to the next provider with a signed request.
func withoutOAuthParams(name, line string) string {
	for _, redirect := range redirects {
		if http.CanonicalHeaderKey(name) != http.CanonicalHeaderKey(redirect) {
			continue
		}
		var spans []span
		for _, param := range []string{"code", "state", "request"} {
			spans = append(spans, queryParams(line, param)...)
			spans = append(spans, fragmentParams(line, param)...)
		}
		return without(line, spans)
	}
	return line
}

// withoutOAuthInputs returns the body without the hidden inputs code and state.
func (r Response) withoutOAuthInputs() []byte {
	if !bytes.Contains(r.Body, []byte("<")) || isJSON(mediaType(r.Header)) {
		return r.Body
	}
	spans := hiddenInputs(r.Body, func(name string) bool { return name == "code" || name == "state" })
	if len(spans) == 0 {
		return r.Body
	}
	return []byte(without(string(r.Body), spans))
}

// without returns a text without the spans that have one value. A span with more stays: a
// client that chooses the address of a redirect could make a backend append its token to
// the client's own state.
func without(text string, spans []span) string {
	var removed []span
	for _, s := range spans {
		if !strings.ContainsFunc(strings.TrimRight(s.token, "="), notInValue) {
			removed = append(removed, span{s.start, s.end, ""})
		}
	}
	return spliceText(text, removed)
}

// notInValue reports whether a character cannot be in a JWS, or in other text that is one
// value.
func notInValue(r rune) bool { return notBase64url(r) && !strings.ContainsRune(".~", r) }
