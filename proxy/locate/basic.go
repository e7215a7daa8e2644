package locate

import (
	"encoding/base64"
	"strings"
)

// A basicCredential is a user and a password in an Authorization line (RFC 7617). Clients
// of old services send a token as one of them, because their libraries have only this
// scheme.
type basicCredential struct {
	start, end     int // of the encoded text in the line
	user, password string
	encoding       *base64.Encoding
}

// parseBasic returns the credential of a line. It returns false for another scheme, and
// for text that would not be the same after it is decoded and encoded.
func parseBasic(line string) (c basicCredential, ok bool) {
	value := trimmed(line, 0, len(line))
	scheme, rest, _ := strings.Cut(value.token, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return c, false
	}
	encoded := trimmed(line, value.end-len(rest), value.end)
	c.encoding = base64.StdEncoding
	if len(encoded.token)%4 != 0 {
		c.encoding = base64.RawStdEncoding
	}
	text, err := c.encoding.DecodeString(encoded.token)
	if err != nil || c.encoding.EncodeToString(text) != encoded.token {
		return c, false
	}
	c.start, c.end = encoded.start, encoded.end
	c.user, c.password, ok = strings.Cut(string(text), ":")
	return c, ok
}

// encode returns the text of the credential in the line.
func (c basicCredential) encode() string {
	return c.encoding.EncodeToString([]byte(c.user + ":" + c.password))
}

// restoreBasic restores a token that is the user or the password of an Authorization
// line with the scheme Basic. It adds the changes, and returns the number of tokens.
func (r Request) restoreBasic(swap func(token string) (string, bool), changes *edits) (restored int) {
	for i, line := range r.Header[authorization.name] {
		c, ok := parseBasic(line)
		if !ok {
			continue
		}
		before := restored
		for _, part := range []*string{&c.user, &c.password} {
			if !compact(*part) {
				continue
			}
			if original, ok := swap(*part); ok {
				*part = original
				restored++
			}
		}
		if restored > before {
			changes.addSpan(place{linePart, authorization.name, i}, span{c.start, c.end, c.encode()})
		}
	}
	return restored
}
