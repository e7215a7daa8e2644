package enrich

import (
	"encoding/base64"
	"fmt"
	"iter"
	"slices"
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

	header  *header
	payload *jsonedit.Object
}

// ParseToken splits a token and decodes its parts. It is strict: base64url must
// be canonical, a member may occur only once in an object, and crit is refused
// because no extension is supported (RFC 7515, section 4.1.11).
//
// The error wraps [ErrTooLarge] for a token of more than [MaxToken] bytes,
// [ErrOpaque] for text that does not look like a JWS, and [ErrBadToken] for
// everything else.
func ParseToken(raw string) (*Token, error) { return new(tokenMemory).parse(raw, nil) }

// The parts of a token are texts in base64url.
type parts struct {
	header, payload, signature string
	signed                     string // the signing input
}

// splitToken returns the parts of a token that looks like a JWS.
func splitToken(raw string) (p parts, err error) {
	if len(raw) > MaxToken {
		return p, fmt.Errorf("token of %d bytes: %w", len(raw), ErrTooLarge)
	}
	first, last := strings.IndexByte(raw, '.'), strings.LastIndexByte(raw, '.')
	if first == last || strings.IndexByte(raw[first+1:last], '.') >= 0 {
		return p, ErrOpaque
	}
	return parts{raw[:first], raw[first+1 : last], raw[last+1:], raw[:last]}, nil
}

// A decoded token has its payload decoded, but not parsed.
type decoded struct {
	header             *header
	payload, signature []byte
}

// decode decodes the parts of a token. It appends the payload and the signature to dst, which
// should have room for them.
func (p parts) decode(dst []byte, known *headerCache) (d decoded, err error) {
	if known != nil {
		d.header = known.get(p.header)
	}
	isKnown := d.header != nil
	if !isKnown {
		if !startsObject(p.header) {
			return d, ErrOpaque
		}
		d.header = &header{encoded: p.header}
		if d.header.object, err = parseObject(p.header); err != nil {
			return d, fmt.Errorf("%w: header: %w", ErrBadToken, err)
		}
	}
	payload, err := appendDecoded(dst, p.payload)
	if err != nil {
		return d, fmt.Errorf("%w: payload: %w", ErrBadToken, err)
	}
	both, err := appendDecoded(payload, p.signature)
	if err != nil {
		return d, fmt.Errorf("%w: signature: %w", ErrBadToken, err)
	}
	d.payload, d.signature = slices.Clip(both[len(dst):len(payload)]), slices.Clip(both[len(payload):])
	if !isKnown {
		err = d.header.read()
	}
	return d, err
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
func (t *Token) Header() []byte { return t.header.object.Bytes() }

// Type returns typ of the header (RFC 7515, section 4.1.9), and "" if there is none. It
// returns false if typ is not a string.
func (t *Token) Type() (typ string, ok bool) {
	value := t.header.object.Value("typ")
	if value == nil {
		return "", true
	}
	return jsonedit.Unquote(value)
}

// maxSeconds limits how far a date can be from 1970: about 35,000 years. Much
// larger values overflow time.Time, and a token that never expires would look
// expired.
const maxSeconds = 1 << 40

// numericDate parses the JSON text of a claim. Nil is not a date.
func numericDate(value []byte) (time.Time, bool) {
	if seconds, ok := wholeSeconds(value); ok {
		return time.Unix(seconds, 0), true
	}
	seconds, err := strconv.ParseFloat(string(value), 64)
	if err != nil {
		return time.Time{}, false
	}
	return time.Unix(int64(max(-maxSeconds, min(seconds, maxSeconds))), 0), true
}

// wholeSeconds parses the usual form of a date: up to twelve digits, which are less than
// maxSeconds.
func wholeSeconds(value []byte) (seconds int64, ok bool) {
	const most = 12
	if len(value) == 0 || len(value) > most {
		return 0, false
	}
	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, false
		}
		seconds = seconds*10 + int64(c-'0')
	}
	return seconds, true
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
