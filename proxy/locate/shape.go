package locate

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

const (
	// maxHeader is the size of the largest header of a JWS that is recognized, encoded.
	maxHeader = 16 << 10
	// maxCandidates limits how often a text of a message is decoded as the header of a
	// JWS (law B4).
	maxCandidates = 1000
)

// HasToken reports whether the response contains something in the shape of a JWS, at
// any place of its header or body: three parts, the first of which is a JSON object
// with alg. Escaped characters and the NULs of UTF-16 do not hide it. It ignores tokens
// for which ignored returns true, and the parameters code and state of OAuth, which are
// not tokens whatever their shape. It also returns true if the response has too many
// candidates to look at all of them.
func (r Response) HasToken(ignored func(token string) bool) bool {
	s := shapes{}
	for name, lines := range r.Header {
		for _, line := range lines {
			s.scan(withoutOAuthParams(name, line))
		}
	}
	s.scan(string(r.withoutOAuthInputs()))
	for _, token := range s.tokens {
		if !ignored(token) {
			return true
		}
	}
	return s.candidates > maxCandidates
}

// Tokens returns what has the shape of a JWS in the request: in its path, query, header
// and body. If there are very many, it returns some of them.
func (r Request) Tokens() []string {
	s := shapes{}
	s.scan(r.Path)
	s.scan(r.Query)
	for _, lines := range r.Header {
		for _, line := range lines {
			s.scan(line)
		}
	}
	s.scan(string(r.Body))
	return s.tokens
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

func without(text string, spans []span) string {
	for i := range spans {
		spans[i].token = ""
	}
	return splice(text, spans)
}

// shapes collects what has the shape of a JWS in some texts.
type shapes struct {
	tokens     []string
	candidates int // that were decoded
}

// scan looks at a text as it is, and then with escapes removed, at most three times:
// some formats nest.
func (s *shapes) scan(text string) {
	s.scanPlain(text)
	const levels = 3
	for range levels {
		plain := unescaped(text)
		if plain == text {
			return
		}
		s.scanPlain(plain)
		text = plain
	}
}

// scanPlain looks at a text as it is. The base64url of {" starts with ey, and that of {
// and white space with ey or ew.
func (s *shapes) scanPlain(text string) {
	headers := runs{}
	for at := 0; s.candidates <= maxCandidates; at++ {
		next := strings.IndexByte(text[at:], 'e')
		if next < 0 {
			return
		}
		at += next
		if rest := text[at:]; startsPart(text, at) && startsObject(rest) {
			s.candidates++
			if token := shapeOf(rest, headers.length(text, at)); token != "" {
				s.tokens = append(s.tokens, token)
				at += len(token) - 1
			}
		}
	}
}

// startsPart reports whether a part of a token can start at an index of a text: not
// after a letter or digit.
func startsPart(text string, at int) bool {
	return at == 0 || notBase64url(rune(text[at-1])) || text[at-1] == '-' || text[at-1] == '_'
}

// startsObject reports whether a text starts with the base64url of a brace, and of white
// space or a quote after it.
func startsObject(text string) bool {
	const block = 4
	if len(text) < block || text[1] != 'y' && text[1] != 'w' {
		return false
	}
	var decoded [3]byte
	n, err := base64.RawURLEncoding.Decode(decoded[:], []byte(text[:block]))
	return err == nil && n > 1 && decoded[0] == '{' && strings.IndexByte(" \t\r\n\"", decoded[1]) >= 0
}

// runs finds the ends of runs of base64url in one text. Many candidates can be in one
// run, so it is measured once.
type runs struct{ end int }

// length returns the length of the base64url at an index, at most maxHeader. The index
// must not be less than before.
func (r *runs) length(text string, at int) int {
	if at >= r.end {
		r.end = at + base64Length(text[at:])
	}
	return min(r.end-at, maxHeader)
}

// shapeOf returns the JWS at the start of a text, and "" if there is none. header is the
// length of the base64url there. The signature may be empty, because a token without one
// is a token to verifiers that accept the algorithm none.
func shapeOf(text string, header int) string {
	afterHeader, ok := strings.CutPrefix(strings.TrimLeft(text[header:], "="), ".")
	if !ok || !hasAlgorithm(text[:header]) { // before the payload, which can be long and shared by many candidates
		return ""
	}
	payload := base64Length(afterHeader)
	signature, ok := strings.CutPrefix(strings.TrimLeft(afterHeader[payload:], "="), ".")
	if payload == 0 || !ok {
		return ""
	}
	return text[:len(text)-len(signature)+base64Length(signature)]
}

// base64Length returns the length of the base64url at the start of a text.
func base64Length(text string) int {
	if end := strings.IndexFunc(text, notBase64url); end >= 0 {
		return end
	}
	return len(text)
}

// hasAlgorithm reports whether a part of a token is the header of a JWS. That of a JWE
// has enc too.
func hasAlgorithm(part string) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	var header struct{ Alg, Enc json.RawMessage }
	return err == nil && json.Unmarshal(text, &header) == nil && header.Alg != nil && header.Enc == nil
}
