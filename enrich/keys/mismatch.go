package keys

import (
	"fmt"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/keys/internal/jose"
	"github.com/tokengraft/tokengraft/enrich/keys/internal/jwks"
	"github.com/tokengraft/tokengraft/internal/jsonedit"
	"github.com/tokengraft/tokengraft/internal/redact"
)

// A MismatchError is an error of [Ring.Verify] because a value of the token is none of those
// that are allowed. It wraps [enrich.ErrNotOurs] or [enrich.ErrBadToken].
type MismatchError struct {
	// Member is iss, aud, typ or kid.
	Member string
	// Got are the values of the token, in quotes. A value that does not look like what it
	// should be is hidden, because it could identify a user. It is empty if the token has
	// none.
	Got []string
	// Want are the allowed values, at most eight.
	Want []string
	// Where says where the allowed values come from, for example verify.issuer.
	Where string

	kind error
}

// Error implements error.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("%v: %s, but %s has %s", e.kind, e.got(), e.Where, orNone(e.Want))
}

func (e *MismatchError) got() string {
	if len(e.Got) == 0 {
		return "it has no " + e.Member
	}
	return "its " + e.Member + " is " + strings.Join(e.Got, ", ")
}

func orNone(values []string) string {
	if len(values) == 0 {
		return "none"
	}
	return strings.Join(values, ", ")
}

// Unwrap returns the kind of the error, for [errors.Is].
func (e *MismatchError) Unwrap() error { return e.kind }

// Advice says what to do, with the line of the configuration.
func (e *MismatchError) Advice() string {
	switch got := strings.Join(e.Got, ", "); {
	case e.Member == "kid":
		return "If the token is the backend's, check that verify.jwks names the keys that it signs with now."
	case got == "" || strings.Contains(got, redact.Hidden) || !strings.HasPrefix(got, `"`):
		return fmt.Sprintf("If the token is the backend's, set %s to its %s. `tokengraft try` shows it.", settings[e.Member], e.Member)
	case len(e.Want) > 1: // the others may be right for other tokens
		return fmt.Sprintf("If the token is the backend's, add this to the list %s: %s", settings[e.Member], got)
	default:
		_, name, _ := strings.Cut(settings[e.Member], ".")
		return fmt.Sprintf("If the token is the backend's, write this in the section verify: %s: [%s]", name, got)
	}
}

// settings are those that allow values of a token.
var settings = map[string]string{"iss": "verify.issuer", "aud": "verify.audience", "typ": "verify.types"}

// A TimeError is an [enrich.ErrTime] with how far the time is from the allowed ones.
type TimeError struct {
	Claim  string        // exp or nbf
	By     time.Duration // how long ago exp was, or how far ahead nbf is, without the leeway
	Leeway time.Duration // verify.leeway
	// Age is how long ago iat was. It is negative if iat is ahead, and 0 if the token does
	// not have it.
	Age time.Duration
}

// Error implements error.
func (e *TimeError) Error() string {
	what := "not valid yet: nbf is " + e.By.String() + " ahead"
	if e.Claim == "exp" {
		what = "expired " + e.By.String() + " ago"
	}
	switch {
	case e.Age > 0:
		what += ", issued " + e.Age.String() + " ago"
	case e.Age < 0:
		what += ", issued " + (-e.Age).String() + " ahead of the clock here"
	}
	return fmt.Sprintf("%v: %s (verify.leeway is %v)", enrich.ErrTime, what, e.Leeway)
}

// Unwrap returns [enrich.ErrExpired] or [enrich.ErrTime], for [errors.Is].
func (e *TimeError) Unwrap() error {
	if e.Claim == "exp" {
		return enrich.ErrExpired
	}
	return enrich.ErrTime
}

// timeError returns the error of a token whose exp or nbf is off by a duration.
func (r *Ring) timeError(t *enrich.Token, claim string, by time.Duration) error {
	e := &TimeError{Claim: claim, By: by.Truncate(time.Second), Leeway: r.o.Leeway}
	if issued, ok := t.Date("iat"); ok {
		e.Age = r.now().Sub(issued).Truncate(time.Second)
	}
	return e
}

// mostQuoted limits how many values an error quotes.
const mostQuoted = 8

// quoted returns texts in quotes. They come from the configuration or from the backend.
func quoted(texts []string) (all []string) {
	for i, text := range texts {
		if i == mostQuoted {
			return append(all, "…")
		}
		all = append(all, fmt.Sprintf("%q", short(text)))
	}
	return all
}

// issuerMismatch says that iss is not one of the allowed issuers.
func (r *Ring) issuerMismatch(t *enrich.Token, allowed []string) error {
	e := &MismatchError{Member: "iss", Want: quoted(allowed), Where: "verify.issuer", kind: enrich.ErrNotOurs}
	if len(r.o.Issuers) == 0 {
		e.Where = "the backend's discovery document"
	}
	switch got, isText := issuer(t); {
	case t.Claim("iss") == nil:
	case !isText:
		e.Got = []string{"not a string"}
	default:
		e.Got = []string{unlessSubject(t, got, redact.Issuer(got))}
	}
	return e
}

// audienceMismatch says that aud has none of the allowed audiences.
func (r *Ring) audienceMismatch(t *enrich.Token) error {
	e := &MismatchError{Member: "aud", Want: quoted(r.o.Audience), Where: "verify.audience", kind: enrich.ErrNotOurs}
	for i, got := range audience(t) {
		if i == mostQuoted {
			e.Got = append(e.Got, "…")
			break
		}
		e.Got = append(e.Got, unlessSubject(t, got, redact.Word(got)))
	}
	return e
}

// unlessSubject returns what to show of a value, unless it is the user's id, as the iss of a
// token that a user issued is.
func unlessSubject(t *enrich.Token, value, shown string) string {
	if subject, _ := jsonedit.Unquote(t.Claim("sub")); value == subject {
		return redact.Hidden
	}
	return shown
}

// typeMismatch says that typ is not an allowed type.
func (r *Ring) typeMismatch(t *enrich.Token) error {
	e := &MismatchError{Member: "typ", Want: quoted(r.o.Types), Where: "verify.types", kind: enrich.ErrBadToken}
	switch typ, ok := t.Type(); {
	case !ok:
		e.Got = []string{"not a string"}
	case typ != "":
		e.Got = []string{redact.Word(typ)}
	}
	return e
}

// kidMismatch says that the backend's set has no key with the kid of a token.
func kidMismatch(t *enrich.Token, set *jwks.Set) error {
	var known []string
	for _, key := range set.Keys {
		known = append(known, key.ID)
	}
	return &MismatchError{Member: "kid", Got: []string{unlessSubject(t, t.KeyID, redact.Word(t.KeyID))}, Want: quoted(known), Where: "the backend's JWK Set", kind: enrich.ErrNotOurs}
}

// A signatureError says which key does not verify a token, and what to do.
type signatureError struct{ text, advice string }

// Error implements error.
func (e *signatureError) Error() string { return e.text }

// Advice says what to do.
func (e *signatureError) Advice() string { return e.advice }

const noKeyVerifies = "no key of the backend verifies the signature"

var (
	errSignature = &signatureError{noKeyVerifies, "If the token is the backend's, check that verify names the keys that it signs with now."}
	errNotNewer  = &signatureError{noKeyVerifies, "Keys are fetched again for later tokens. If that keeps failing, check the address in verify.jwks or oidc; `tokengraft check` fetches them."}
)

// wrongSignature says which of the pinned keys does not verify a token.
func (r *Ring) wrongSignature(t *enrich.Token) error {
	switch {
	case jose.IsSecret(t.Algorithm) && len(r.o.Secret) > 0:
		if encoding := r.otherEncoding(t); encoding != "" {
			return &signatureError{"the signature does not match verify.secret. With verify.secret_encoding: " + encoding + " the secret verifies it", "Write this in the section verify: secret_encoding: " + encoding}
		}
		return &signatureError{"the signature does not match verify.secret", "If the token is the backend's, set verify.secret to the secret in the settings of the backend, with every character. `tokengraft discover` says whether a secret is the right one, and in which encoding."}
	case r.o.PublicKey != "" && r.o.BackendKey == "":
		return &signatureError{"the signature does not match verify.public_key", "If the token is the backend's, save the public key that the backend signs with now in the file of verify.public_key."}
	}
	return errSignature
}

// wrongAlgorithm says why an algorithm is not allowed.
func (r *Ring) wrongAlgorithm(algorithm string) error {
	why := "the backend's keys are for other algorithms"
	switch isSecret := jose.IsSecret(algorithm); {
	case len(r.o.Algorithms) > 0:
		why = "verify.algorithms has only " + strings.Join(r.o.Algorithms, ", ")
	case isSecret && len(r.o.Secret) == 0:
		why = "there is no verify.secret for it"
	case jose.IsSupported(algorithm) && !isSecret && r.o.PublicKey == "" && r.o.BackendKey == "":
		why = "verify has only a secret. Set verify.jwks or verify.public_key, if the backend signs with a key pair"
	}
	return fmt.Errorf("%w: algorithm %s is not allowed, because %s", enrich.ErrBadToken, printable(algorithm), why)
}
