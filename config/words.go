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

var _ = yamlbind.DescribeWords(Auto, On, Off)

// An H2C says which listeners speak HTTP/2 without TLS.
type H2C string

// The listeners.
const (
	H2CPublic H2C = "public"
	H2CAll    H2C = "all"
	H2COff    H2C = "off"
)

var _ = yamlbind.DescribeWords(H2CPublic, H2CAll, H2COff)

// A Console says what the console and the admin API offer.
type Console string

// What the console and the admin API offer.
const (
	ConsoleFull     Console = "full"
	ConsoleReadOnly Console = "read-only" // they change nothing
	ConsoleOff      Console = "off"       // there is none
)

var _ = yamlbind.DescribeWords(ConsoleFull, ConsoleReadOnly, ConsoleOff)

// A Policy is the response to the client when enrichment fails.
type Policy string

// The policies.
const (
	Pass   Policy = "pass"   // the backend's response, unchanged
	Refuse Policy = "refuse" // 503
)

var _ = yamlbind.DescribeWords(Pass, Refuse)

// A TokenKind is access token or id_token.
type TokenKind string

// The kinds of tokens.
const (
	AccessToken TokenKind = "access"
	IDToken     TokenKind = "id"
)

var _ = yamlbind.DescribeWords(AccessToken, IDToken)

// A Format is how a document's BSON values are written as JSON.
type Format string

// The formats. docs/configuration.md shows how they write each BSON type.
const (
	Plain       Format = "plain"        // ids and dates are strings, as most JSON readers expect
	Relaxed     Format = "relaxed"      // MongoDB Extended JSON v2, relaxed
	Canonical   Format = "canonical"    // MongoDB Extended JSON v2, canonical
	AppServices Format = "app-services" // the format of custom user data in MongoDB Atlas App Services
)

var _ = yamlbind.DescribeWords(Plain, Relaxed, Canonical, AppServices)

// A Credentials says what happens to document fields that look like credentials.
type Credentials string

// The ways to treat credentials.
const (
	DropCredentials  Credentials = "drop"  // they do not get into tokens
	WarnCredentials  Credentials = "warn"  // they get into tokens, and the log says so
	AllowCredentials Credentials = "allow" // they get into tokens
)

var _ = yamlbind.DescribeWords(DropCredentials, WarnCredentials, AllowCredentials)

// A UserIDType is the BSON type that user ids have in the documents.
type UserIDType string

// The types of user ids. AutoID tries a string first, then an ObjectId or a number if
// the id could be one; an id that is a JSON number matches only numbers.
const (
	AutoID   UserIDType = "auto"
	StringID UserIDType = "string"
	ObjectID UserIDType = "objectId"
	IntID    UserIDType = "int"
	UUID     UserIDType = "uuid"
)

var _ = yamlbind.DescribeWords(AutoID, StringID, ObjectID, IntID, UUID)

// A Refresh says whether the requests of a rule are refreshes.
type Refresh string

// The ways to decide.
const (
	RefreshAuto   Refresh = "auto" // by looking at the request
	RefreshAlways Refresh = "always"
	RefreshNever  Refresh = "never"
)

var _ = yamlbind.DescribeWords(RefreshAuto, RefreshAlways, RefreshNever)

// A PresetName names a known backend. The zero PresetName is none.
type PresetName string

var _ = yamlbind.DescribeWords(presetNames()...)

// An ErrorFormat is the format of responses that say why no token was issued.
type ErrorFormat string

// The formats of errors.
const (
	ErrorsOAuth       ErrorFormat = "oauth"
	ErrorsAppServices ErrorFormat = "app-services"
)

var _ = yamlbind.DescribeWords(ErrorsOAuth, ErrorsAppServices)

// A ResponseKind is a JSON response of an OpenID provider that describes a user.
type ResponseKind string

// The kinds of responses.
const (
	UserInfo      ResponseKind = "userinfo"      // OpenID Connect Core, section 5.3
	Introspection ResponseKind = "introspection" // RFC 7662
)

var _ = yamlbind.DescribeWords(UserInfo, Introspection)

// An Operation is the event that a trigger reacts to.
type Operation string

// The operations.
const (
	Login  Operation = "LOGIN"
	Create Operation = "CREATE"
	Delete Operation = "DELETE"
)

var _ = yamlbind.DescribeWords(Login, Create, Delete)

// A VerifyAlgorithm is a JWS algorithm that a backend may sign with (RFC 7518,
// section 3.1, RFC 8037 and RFC 9864). EdDSA and Ed25519 are two names of one algorithm. It is
// never none.
type VerifyAlgorithm string

var _ = yamlbind.DescribeWords[VerifyAlgorithm]("RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
	"ES256", "ES384", "ES512", "EdDSA", "Ed25519", "HS256", "HS384", "HS512")

// Symmetric reports whether the algorithm uses a shared secret.
func (a VerifyAlgorithm) Symmetric() bool { return strings.HasPrefix(string(a), "HS") }

// A SignAlgorithm is an asymmetric JWS algorithm, or [Same].
type SignAlgorithm string

// Same is the algorithm of the original.
const Same SignAlgorithm = "same"

var _ = yamlbind.DescribeWords(Same, "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
	"ES256", "ES384", "ES512", "EdDSA", "Ed25519")
