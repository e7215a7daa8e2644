package enrich

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/internal/jsonedit"
)

// MaxToken bounds the tokens that are looked into, in bytes: law B4.
const MaxToken = 64 << 10

// What can be said of a token that is not enriched. Errors of [ParseToken] and
// of a [Ring] wrap one of them; any other error of a Ring means that it could
// not be decided.
var (
	ErrOpaque   = errors.New("not a JWS")
	ErrBadToken = errors.New("bad token")
	ErrNotOurs  = errors.New("not the backend's token")
	ErrTooLarge = errors.New("too large")
	// ErrTime is an ErrBadToken because of exp or nbf: a wrong clock makes many.
	ErrTime = fmt.Errorf("%w: outside its time", ErrBadToken)
)

// A SizeError is an [ErrTooLarge] that knows by how much, in bytes.
type SizeError struct {
	What  string
	Size  int
	Bound string // the words before Limit
	Limit int
}

// Error implements error.
func (e *SizeError) Error() string {
	return fmt.Sprintf("%s of %d bytes, %s %d", e.What, e.Size, e.Bound, e.Limit)
}

// Unwrap is for [errors.Is].
func (e *SizeError) Unwrap() error { return ErrTooLarge }

// A Token is a JWS in compact serialization, split and decoded, not verified.
type Token struct {
	// Signed is what the signature covers: header and payload, encoded, with a
	// dot between them (RFC 7515, section 5.2).
	Signed    string
	Signature []byte
	Algorithm string // alg of the header
	KeyID     string // kid of the header; empty if there is none

	header, payload *jsonedit.Object
}

// Claim returns the JSON text of a claim, and nil if there is none. It is
// read-only.
func (t *Token) Claim(name string) []byte { return t.payload.Value(name) }

// Claims returns the names and JSON texts of all claims, in their order.
func (t *Token) Claims() iter.Seq2[string, []byte] { return t.payload.Members() }

// Header returns the decoded JSON text of the header. It is read-only.
func (t *Token) Header() []byte { return t.header.Bytes() }

// Date returns a claim that is a NumericDate (RFC 7519, section 2), in whole
// seconds, and false where the claim is missing or not a number. A date that no
// calendar reaches stays that far in the future, or in the past.
func (t *Token) Date(name string) (time.Time, bool) { return numericDate(t.Claim(name)) }

// furthest is how far from 1970 a date can be, in seconds: some 35,000 years.
// Much further, time.Time overflows, and what never expires would have expired.
const furthest = 1 << 40

// numericDate reads a claim's JSON text; nil is not a date.
func numericDate(value []byte) (time.Time, bool) {
	seconds, err := strconv.ParseFloat(string(value), 64)
	if err != nil {
		return time.Time{}, false
	}
	return time.Unix(int64(max(-furthest, min(seconds, furthest))), 0), true
}

// ParseToken splits a token and decodes its parts, strictly: canonical
// base64url, objects without duplicate members, no crit (RFC 7515, section
// 4.1.11: none is understood here). The error wraps [ErrOpaque] for what does
// not claim to be a JWS, [ErrTooLarge] beyond [MaxToken], and else
// [ErrBadToken].
func ParseToken(raw string) (*Token, error) {
	if len(raw) > MaxToken {
		return nil, fmt.Errorf("token of %d bytes: %w", len(raw), ErrTooLarge)
	}
	parts := strings.SplitN(raw, ".", 4)
	if len(parts) != 3 || !startsObject(parts[0]) {
		return nil, ErrOpaque
	}
	t := &Token{Signed: raw[:len(parts[0])+1+len(parts[1])]}
	var err error
	if t.header, err = parseObject(parts[0]); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrBadToken, err)
	}
	if t.payload, err = parseObject(parts[1]); err != nil {
		return nil, fmt.Errorf("%w: payload: %w", ErrBadToken, err)
	}
	if t.Signature, err = decode(parts[2]); err != nil {
		return nil, fmt.Errorf("%w: signature: %w", ErrBadToken, err)
	}
	return t, t.readHeader()
}

func (t *Token) readHeader() error {
	var ok bool
	if t.Algorithm, ok = jsonedit.Unquote(t.header.Value("alg")); !ok {
		return fmt.Errorf("%w: header without alg", ErrBadToken)
	}
	if kid := t.header.Value("kid"); kid != nil {
		if t.KeyID, ok = jsonedit.Unquote(kid); !ok {
			return fmt.Errorf("%w: kid is no string", ErrBadToken)
		}
	}
	if t.header.Value("crit") != nil {
		return fmt.Errorf("%w: crit names extensions that are not understood", ErrBadToken)
	}
	return nil
}

// startsObject reports whether the first part of a token decodes, however
// carelessly, to what could be a JSON object. What does not never was a JWS:
// other formats have two dots too.
func startsObject(part string) bool {
	const block = 8
	head := withoutBreaks.Replace(part[:min(len(part), 4*block)])
	decoded, _ := base64.RawURLEncoding.DecodeString(head[:min(len(head), block)/4*4])
	return strings.HasPrefix(strings.TrimLeft(string(decoded), " \t\r\n"), "{")
}

var withoutBreaks = strings.NewReplacer("\r", "", "\n", "")

func parseObject(part string) (*jsonedit.Object, error) {
	text, err := decode(part)
	if err != nil {
		return nil, err
	}
	return jsonedit.Parse(text)
}

var strict = base64.RawURLEncoding.Strict()

var errBase64 = errors.New("not canonical base64url")

// decode is strict where the standard library is not: it skips line breaks,
// so that one signature would have many spellings (law B5).
func decode(part string) ([]byte, error) {
	if strings.ContainsAny(part, "\r\n") {
		return nil, errBase64
	}
	decoded, err := strict.DecodeString(part)
	if err != nil {
		return nil, errBase64
	}
	return decoded, nil
}

func encode(text []byte) string { return base64.RawURLEncoding.EncodeToString(text) }

// Verified is what a [Ring] says of a token that is the backend's.
type Verified struct {
	// IssuedAt and ExpiresAt are iat and exp; zero where the token has none.
	IssuedAt, ExpiresAt time.Time
	// Signer signs the enriched token; nil where the ring has no key for it.
	Signer Key
}

// A Ring is the keys that verify and sign.
type Ring interface {
	// Verify checks signature, time, issuer and audience (laws B). The error
	// wraps [ErrNotOurs] or [ErrBadToken]; any other error means that it could
	// not be decided, because the backend's keys could not be asked.
	Verify(ctx context.Context, t *Token) (Verified, error)
	// Restorers returns the keys that may have signed t as an enriched token,
	// retired ones too.
	Restorers(t *Token) []Key
}

// A Key signs enriched tokens, knows them again, and seals what only holders
// of the key may read.
type Key interface {
	// Algorithm is the alg that the key signs with (RFC 7518, section 3.1).
	Algorithm() string
	// ID is the kid of a key of our own. It is empty where the key is the
	// backend's: then the original's header stays as it is.
	ID() string
	Sign(signed string) (signature []byte, err error)
	// SignatureSize is the length of what Sign returns, in bytes.
	SignatureSize() int
	Verify(signed string, signature []byte) error
	// Seal encrypts and authenticates; Open undoes it.
	Seal(plaintext []byte) (sealed []byte)
	Open(sealed []byte) (plaintext []byte, err error)
}
