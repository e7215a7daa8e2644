package enrich

import (
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// MaxToken is the size of the largest token that is parsed, in bytes.
const MaxToken = 64 << 10

// A Token is a JWS in compact serialization, split and decoded. It is not
// verified.
type Token struct {
	// SigningInput is the text that the signature covers: the encoded header and
	// payload with a dot between them (RFC 7515, section 5.1).
	SigningInput string
	Signature    []byte
	Algorithm    string // alg of the header
	KeyID        string // kid of the header; empty if there is none
	// UserInfo means that the token is signed userinfo: see [Grant]. ParseToken leaves it
	// false.
	UserInfo bool

	header, payload *jsonedit.Object
}

// ParseToken splits a token and decodes its parts. It is strict: base64url must
// be canonical, a member may occur only once in an object, and crit is refused
// because no extension is supported (RFC 7515, section 4.1.11).
//
// The error wraps [ErrTooLarge] for a token of more than [MaxToken] bytes,
// [ErrOpaque] for text that does not look like a JWS, and [ErrBadToken] for
// everything else.
func ParseToken(raw string) (*Token, error) {
	t, payload, err := parseHeader(raw)
	if err != nil {
		return nil, err
	}
	if t.payload, err = jsonedit.Parse(payload); err != nil {
		return nil, fmt.Errorf("%w: payload: %w", ErrBadToken, err)
	}
	return t, nil
}

// parseHeader is ParseToken, but only decodes the payload and does not parse it.
func parseHeader(raw string) (t *Token, payload []byte, err error) {
	if len(raw) > MaxToken {
		return nil, nil, fmt.Errorf("token of %d bytes: %w", len(raw), ErrTooLarge)
	}
	parts := strings.SplitN(raw, ".", 4)
	if len(parts) != 3 || !startsObject(parts[0]) {
		return nil, nil, ErrOpaque
	}
	t = &Token{SigningInput: raw[:len(parts[0])+1+len(parts[1])]}
	if t.header, err = parseObject(parts[0]); err != nil {
		return nil, nil, fmt.Errorf("%w: header: %w", ErrBadToken, err)
	}
	if payload, err = decodeBase64(parts[1]); err != nil {
		return nil, nil, fmt.Errorf("%w: payload: %w", ErrBadToken, err)
	}
	if t.Signature, err = decodeBase64(parts[2]); err != nil {
		return nil, nil, fmt.Errorf("%w: signature: %w", ErrBadToken, err)
	}
	return t, payload, t.readHeader()
}

// Claim returns the JSON text of a claim, or nil if the token does not have it.
// The text is shared and read-only.
func (t *Token) Claim(name string) []byte { return t.payload.Value(name) }

// Claims returns the names and JSON texts of all claims, in the order of the
// token. The texts are shared and read-only.
func (t *Token) Claims() iter.Seq2[string, []byte] { return t.payload.Members() }

// Date returns a claim that is a NumericDate (RFC 7519, section 2), in whole
// seconds. It returns false if the claim is missing or not a number. A date that
// is too large for [time.Time] becomes one about 35,000 years away.
func (t *Token) Date(name string) (time.Time, bool) { return numericDate(t.Claim(name)) }

// Header returns the decoded JSON text of the header. The text is shared and
// read-only.
func (t *Token) Header() []byte { return t.header.Bytes() }

// Type returns typ of the header (RFC 7515, section 4.1.9), and "" if there is none. It
// returns false if typ is not a string.
func (t *Token) Type() (typ string, ok bool) {
	value := t.header.Value("typ")
	if value == nil {
		return "", true
	}
	return jsonedit.Unquote(value)
}

func (t *Token) readHeader() error {
	var ok bool
	if t.Algorithm, ok = jsonedit.Unquote(t.header.Value("alg")); !ok {
		return fmt.Errorf("%w: the header has no alg, or one that is not a string", ErrBadToken)
	}
	if kid := t.header.Value("kid"); kid != nil {
		if t.KeyID, ok = jsonedit.Unquote(kid); !ok {
			return fmt.Errorf("%w: the header's kid is not a string", ErrBadToken)
		}
	}
	if t.header.Value("crit") != nil {
		return fmt.Errorf("%w: the header has crit, but no extension is supported", ErrBadToken)
	}
	return nil
}

// maxSeconds limits how far a date can be from 1970: about 35,000 years. Much
// larger values overflow time.Time, and a token that never expires would look
// expired.
const maxSeconds = 1 << 40

// numericDate parses the JSON text of a claim. Nil is not a date.
func numericDate(value []byte) (time.Time, bool) {
	seconds, err := strconv.ParseFloat(string(value), 64)
	if err != nil {
		return time.Time{}, false
	}
	return time.Unix(int64(max(-maxSeconds, min(seconds, maxSeconds))), 0), true
}

// isJWE reports whether a token has the five parts of RFC 7516, section 7.1.
func isJWE(raw string) bool { return strings.Count(raw, ".") == 4 }

// startsObject reports whether the first part of a token could be a JSON object.
// If not, the token is not a JWS: other formats have two dots too. The check is
// lenient, so that a malformed JWS is a bad token and not an opaque one.
func startsObject(part string) bool {
	const block = 8
	head := withoutBreaks.Replace(part[:min(len(part), 4*block)])
	decoded, _ := base64.RawURLEncoding.DecodeString(head[:min(len(head), block)/4*4])
	return strings.HasPrefix(strings.TrimLeft(string(decoded), " \t\r\n"), "{")
}

var withoutBreaks = strings.NewReplacer("\r", "", "\n", "")

func parseObject(part string) (*jsonedit.Object, error) {
	text, err := decodeBase64(part)
	if err != nil {
		return nil, err
	}
	return jsonedit.Parse(text)
}

func encodeBase64(text []byte) string { return base64.RawURLEncoding.EncodeToString(text) }

var strictBase64 = base64.RawURLEncoding.Strict()

var errBase64 = errors.New("not canonical base64url")

// decodeBase64 refuses line breaks. The standard library skips them, so one
// signature would have many spellings (law B5).
func decodeBase64(part string) ([]byte, error) {
	if strings.ContainsAny(part, "\r\n") {
		return nil, errBase64
	}
	decoded, err := strictBase64.DecodeString(part)
	if err != nil {
		return nil, errBase64
	}
	return decoded, nil
}
