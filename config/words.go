package config

import (
	"strings"

	"github.com/tokengraft/tokengraft/internal/yamlbind"
)

// A Toggle is on, off, or decided by the rest of the configuration.
type Toggle string

// The toggles.
const (
	Auto Toggle = "auto"
	On   Toggle = "on"
	Off  Toggle = "off"
)

// Describe lists the words.
func (Toggle) Describe() yamlbind.Scalar { return yamlbind.Words(Auto, On, Off) }

// A Policy is what the client gets when enrichment fails.
type Policy string

// The policies.
const (
	Pass   Policy = "pass"   // the backend's response, untouched
	Refuse Policy = "refuse" // 503
)

// Describe lists the words.
func (Policy) Describe() yamlbind.Scalar { return yamlbind.Words(Pass, Refuse) }

// A TokenKind is access token or id_token.
type TokenKind string

// The kinds of tokens.
const (
	AccessToken TokenKind = "access"
	IDToken     TokenKind = "id"
)

// Describe lists the words.
func (TokenKind) Describe() yamlbind.Scalar { return yamlbind.Words(AccessToken, IDToken) }

// A Format is how a document's BSON values are written as JSON.
type Format string

// The formats. The table in docs/configuration.md says what becomes of each BSON type.
const (
	Plain       Format = "plain"        // what a JSON reader expects: ids and dates are strings
	Relaxed     Format = "relaxed"      // MongoDB Extended JSON v2, relaxed
	Canonical   Format = "canonical"    // MongoDB Extended JSON v2, canonical
	AppServices Format = "app-services" // as MongoDB Atlas App Services wrote custom user data
)

// Describe lists the words.
func (Format) Describe() yamlbind.Scalar {
	return yamlbind.Words(Plain, Relaxed, Canonical, AppServices)
}

// A UserIDType is the BSON type that user ids have in the documents.
type UserIDType string

// The types of user ids. AutoID tries a string first, then an ObjectId if the id
// could be one; an id that is a JSON number matches only numbers.
const (
	AutoID   UserIDType = "auto"
	StringID UserIDType = "string"
	ObjectID UserIDType = "objectId"
	IntID    UserIDType = "int"
	UUID     UserIDType = "uuid"
)

// Describe lists the words.
func (UserIDType) Describe() yamlbind.Scalar {
	return yamlbind.Words(AutoID, StringID, ObjectID, IntID, UUID)
}

// A Refresh says whether the requests of a rule are refreshes.
type Refresh string

// The ways to decide.
const (
	RefreshAuto   Refresh = "auto" // by looking at the request
	RefreshAlways Refresh = "always"
	RefreshNever  Refresh = "never"
)

// Describe lists the words.
func (Refresh) Describe() yamlbind.Scalar {
	return yamlbind.Words(RefreshAuto, RefreshAlways, RefreshNever)
}

// A Preset names ready-made settings for a known backend. The settings of the
// configuration override them.
type Preset string

// Describe lists the words.
func (Preset) Describe() yamlbind.Scalar { return yamlbind.Words(presetNames()...) }

// Errors is the format of responses that say why no token was issued.
type Errors string

// The formats of errors.
const (
	ErrorsOAuth       Errors = "oauth"
	ErrorsAppServices Errors = "app-services"
)

// Describe lists the words.
func (Errors) Describe() yamlbind.Scalar { return yamlbind.Words(ErrorsOAuth, ErrorsAppServices) }

// A ResponseKind is a JSON response of an OpenID provider that describes a user.
type ResponseKind string

// The kinds of responses.
const (
	UserInfo      ResponseKind = "userinfo"      // OpenID Connect Core, section 5.3
	Introspection ResponseKind = "introspection" // RFC 7662
)

// Describe lists the words.
func (ResponseKind) Describe() yamlbind.Scalar { return yamlbind.Words(UserInfo, Introspection) }

// An Operation is the event that a trigger reacts to.
type Operation string

// The operations.
const (
	Login  Operation = "LOGIN"
	Create Operation = "CREATE"
	Delete Operation = "DELETE"
)

// Describe lists the words.
func (Operation) Describe() yamlbind.Scalar { return yamlbind.Words(Login, Create, Delete) }

// A VerifyAlgorithm is a JWS algorithm that a backend may sign with (RFC 7518,
// section 3.1, and RFC 8037). It is never none.
type VerifyAlgorithm string

// Describe lists the algorithms.
func (VerifyAlgorithm) Describe() yamlbind.Scalar {
	return yamlbind.Words("RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
		"ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512")
}

// Symmetric reports whether this is one of the algorithms of a shared secret.
func (a VerifyAlgorithm) Symmetric() bool { return strings.HasPrefix(string(a), "HS") }

// A SignAlgorithm is an asymmetric JWS algorithm, or [Same].
type SignAlgorithm string

// Same is the algorithm of the original.
const Same SignAlgorithm = "same"

// Describe lists the algorithms.
func (SignAlgorithm) Describe() yamlbind.Scalar {
	return yamlbind.Words(Same, "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
		"ES256", "ES384", "ES512", "EdDSA")
}
