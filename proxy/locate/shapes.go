package locate

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
)

const (
	// maxHeader is the size of the largest header of a JWS that is recognized, encoded.
	maxHeader = 16 << 10
	// maxCandidates limits how often a text of a message is decoded as the header of a
	// JWS (law B4).
	maxCandidates = 1000
	// maxViews limits how often a text nests: JSON in a URL in base64, for example.
	maxViews = 4
	// maxWork is how often the bytes of a text may be looked at, in all its views. Texts
	// that nest as deep as they may need less.
	maxWork = 40
)

// shapes looks for what has the shape of a JWS in some texts.
type shapes struct {
	// see is called with each. signed says that it is whole, with a signature. Otherwise it
	// is the start of a JWS, as in a cookie whose other part has the signature. The text
	// shares the memory of a whole view, so it must not be kept.
	see        func(text string, signed bool)
	candidates int  // that were decoded
	work       int  // bytes that may still be looked at
	tooMuch    bool // not everything was looked at
}

// A shape is where something in the shape of a JWS is in a text.
type shape struct{ start, end int }

// scan looks at a text as it is, and at what is in it if it is decoded.
func (s *shapes) scan(text string) {
	s.work += maxWork*len(text) + maxHeader
	s.view(text, maxViews)
}

// view looks at a text, then at the base64 in it, and then at the text without its
// escapes. depth is how often it may be decoded.
func (s *shapes) view(text string, depth int) {
	s.work -= len(text)
	s.tooMuch = s.tooMuch || s.work < 0 || s.candidates > maxCandidates
	if s.tooMuch {
		return
	}
	found := s.plain(text)
	if depth == 0 {
		return
	}
	for decoded := range base64In(text, found) {
		if looksLikeText(decoded) {
			s.view(decoded, depth-1)
		} else {
			s.view(decoded, 0)
		}
	}
	if unescaped := unescaped(text); unescaped != text {
		s.view(unescaped, depth-1)
	}
}

// plain looks at a text as it is, and returns what it finds. The base64url of {" starts with ey, and that of { and
// white space with ey or ew. It also looks inside of what it finds: text before a token
// could look like the first parts of one, and so the token like the last.
func (s *shapes) plain(text string) (found []shape) {
	runEnd := 0 // of the base64url around at
	for at := 0; s.candidates <= maxCandidates; at++ {
		next := strings.IndexByte(text[at:], 'e')
		if next < 0 {
			return found
		}
		at += next
		if !startsObject(text[at:]) {
			continue
		}
		if at >= runEnd {
			runEnd = at + base64Length(text[at:])
		}
		header := runEnd - at
		if header >= maxHeader || !endsObject(text[at:runEnd]) {
			continue
		}
		s.candidates++
		if length, signed := shapeOf(text[at:], header); length > 0 {
			found = append(found, shape{at, at + length})
			s.see(text[at:at+length], signed)
		}
	}
	return found
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

// endsObject reports whether base64url ends with a brace, and maybe white space. It is
// fast, because clients choose the text.
func endsObject(encoded string) bool {
	const block = 4
	last := max(0, (len(encoded)-1)/block-1) * block
	var decoded [2 * block]byte
	n, err := base64.RawURLEncoding.Decode(decoded[:], []byte(encoded[last:]))
	return err == nil && bytes.HasSuffix(bytes.TrimRight(decoded[:n], " \t\r\n"), []byte("}"))
}

// shapeOf returns the length of the JWS at the start of a text, or of its parts that are
// there, and 0 if there is none. It is signed if it has a signature. Some backends put the
// parts of a token into two or three cookies. A header with an empty payload is not a
// token, but a signature of something else (RFC 7515, appendix F).
func shapeOf(text string, header int) (length int, signed bool) {
	if !hasAlgorithm(text[:header]) { // before the payload, which can be long
		return 0, false
	}
	afterHeader, ok := strings.CutPrefix(strings.TrimLeft(text[header:], "="), ".")
	if !ok {
		return header, false
	}
	payload := base64Length(afterHeader)
	if payload == 0 {
		return 0, false
	}
	signature, ok := strings.CutPrefix(strings.TrimLeft(afterHeader[payload:], "="), ".")
	if !ok {
		return len(text) - len(afterHeader) + payload, false
	}
	n := base64Length(signature)
	return len(text) - len(signature) + n, n > 0
}

// base64Length returns the length of the base64url at the start of a text.
func base64Length(text string) int {
	n := 0
	for n < len(text) && (standardChars[text[n]] != 0 && text[n] != '+' && text[n] != '/') {
		n++
	}
	return n
}

// hasAlgorithm reports whether a part of a token is the header of a JWS. That of a JWE
// has enc too.
func hasAlgorithm(part string) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	var header struct {
		Alg string
		Enc json.RawMessage
	}
	return err == nil && json.Unmarshal(text, &header) == nil && header.Alg != "" && header.Enc == nil
}
