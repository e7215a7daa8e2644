package config

import (
	"fmt"
	"slices"
	"strings"
)

// A Toggle is on, off, or decided by the rest of the configuration.
type Toggle string

// The toggles.
const (
	Auto Toggle = "auto"
	On   Toggle = "on"
	Off  Toggle = "off"
)

// UnmarshalText parses the word of the configuration file.
func (t *Toggle) UnmarshalText(text []byte) error { return parseWord(t, text, toggles) }

// A Policy is what the client gets when enrichment fails.
type Policy string

// The policies.
const (
	Pass   Policy = "pass"   // the backend's response, untouched
	Refuse Policy = "refuse" // 503
)

// UnmarshalText parses the word of the configuration file.
func (p *Policy) UnmarshalText(text []byte) error { return parseWord(p, text, policies) }

// A TokenKind tells access tokens from id_tokens.
type TokenKind string

// The kinds of tokens.
const (
	AccessToken TokenKind = "access"
	IDToken     TokenKind = "id"
)

// UnmarshalText parses the word of the configuration file.
func (k *TokenKind) UnmarshalText(text []byte) error { return parseWord(k, text, tokenKinds) }

// A Format is how a document's BSON values are written as JSON.
type Format string

// The formats. The table in the README says what becomes of each BSON type.
const (
	Plain       Format = "plain"        // what a JSON reader expects: ids and dates are strings
	Relaxed     Format = "relaxed"      // MongoDB Extended JSON v2, relaxed
	Canonical   Format = "canonical"    // MongoDB Extended JSON v2, canonical
	AppServices Format = "app-services" // as MongoDB Atlas App Services wrote custom user data
)

// UnmarshalText parses the word of the configuration file.
func (f *Format) UnmarshalText(text []byte) error { return parseWord(f, text, formats) }

// A UserIDType is the BSON type that user ids have in the documents.
type UserIDType string

// The types of user ids. AutoID is a string first, then an ObjectId where the id
// could be one; an id that is a JSON number matches numbers only.
const (
	AutoID     UserIDType = "auto"
	StringID   UserIDType = "string"
	ObjectID   UserIDType = "objectId"
	IntID      UserIDType = "int"
	UUIDUserID UserIDType = "uuid"
)

// UnmarshalText parses the word of the configuration file.
func (t *UserIDType) UnmarshalText(text []byte) error { return parseWord(t, text, userIDTypes) }

// A Refresh says whether the requests of a rule are refreshes.
type Refresh string

// The ways to tell.
const (
	RefreshAuto   Refresh = "auto" // by looking at the request
	RefreshAlways Refresh = "always"
	RefreshNever  Refresh = "never"
)

// UnmarshalText parses the word of the configuration file.
func (r *Refresh) UnmarshalText(text []byte) error { return parseWord(r, text, refreshes) }

// A Preset is what is known of a backend: a fragment of a configuration file
// that the one of the user goes over.
type Preset string

// UnmarshalText parses the word of the configuration file.
func (p *Preset) UnmarshalText(text []byte) error { return parseWord(p, text, presets) }

// Errors is the shape of answers that say why no token was issued.
type Errors string

// The shapes.
const (
	ErrorsOAuth       Errors = "oauth"
	ErrorsAppServices Errors = "app-services"
)

// UnmarshalText parses the word of the configuration file.
func (e *Errors) UnmarshalText(text []byte) error { return parseWord(e, text, errorShapes) }

// An Answer is a JSON answer of an OpenID provider that speaks of a user.
type Answer string

// The answers.
const (
	UserInfo      Answer = "userinfo"      // OpenID Connect Core, section 5.3
	Introspection Answer = "introspection" // RFC 7662
)

// UnmarshalText parses the word of the configuration file.
func (a *Answer) UnmarshalText(text []byte) error { return parseWord(a, text, answers) }

// A VerifyAlgorithm is a JWS algorithm that a backend may sign with (RFC 7518,
// section 3.1, and RFC 8037). It is never none.
type VerifyAlgorithm string

// UnmarshalText parses the algorithm's name.
func (a *VerifyAlgorithm) UnmarshalText(text []byte) error {
	return parseWord(a, text, verifyAlgorithms)
}

// Symmetric reports whether this is one of the algorithms of a shared secret.
func (a VerifyAlgorithm) Symmetric() bool { return strings.HasPrefix(string(a), "HS") }

// A SignAlgorithm is an asymmetric JWS algorithm, or [Same].
type SignAlgorithm string

// Same is the algorithm of the original.
const Same SignAlgorithm = "same"

// UnmarshalText parses the algorithm's name, or the word same.
func (a *SignAlgorithm) UnmarshalText(text []byte) error {
	return parseWord(a, text, signAlgorithms)
}

var (
	toggles          = []Toggle{Auto, On, Off}
	refreshes        = []Refresh{RefreshAuto, RefreshAlways, RefreshNever}
	presets          = presetNames()
	answers          = []Answer{UserInfo, Introspection}
	errorShapes      = []Errors{ErrorsOAuth, ErrorsAppServices}
	operations       = []Operation{Login, Create, Delete}
	policies         = []Policy{Pass, Refuse}
	tokenKinds       = []TokenKind{AccessToken, IDToken}
	formats          = []Format{Plain, Relaxed, Canonical, AppServices}
	userIDTypes      = []UserIDType{AutoID, StringID, ObjectID, IntID, UUIDUserID}
	verifyAlgorithms = []VerifyAlgorithm{
		"RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
		"ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512",
	}
	signAlgorithms = []SignAlgorithm{
		Same, "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
		"ES256", "ES384", "ES512", "EdDSA",
	}
)

// parseWord sets one of the words, exactly as written.
func parseWord[W ~string](word *W, text []byte, words []W) error {
	if !slices.Contains(words, W(text)) {
		return fmt.Errorf("%q is unknown, want %s", text, oneOf(words))
	}
	*word = W(text)
	return nil
}

// oneOf writes words as an alternative: a, b or c.
func oneOf[W ~string](words []W) string {
	var out strings.Builder
	for i, word := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			out.WriteString(" or ")
		default:
			out.WriteString(", ")
		}
		out.WriteString(string(word))
	}
	return out.String()
}
