package oidc

// A Discovery has the parts of a discovery document that have to do with tokens (OpenID
// Connect Discovery 1.0, section 3; RFC 8414, section 2). Make one with [Parse].
//
// Endpoints are paths without scheme and host, because the document may name public
// addresses, but the proxy sends requests to the backend's private address. Paths
// keep their percent-encoding and any //. An endpoint that is missing in the document
// is "".
type Discovery struct {
	// Issuer is the value of iss in the backend's tokens. It may be any text, because
	// the proxy never connects to it.
	Issuer string

	Authorization       string
	Token               string
	TokenMTLS           string // for clients with a certificate (RFC 8705, section 5)
	UserInfo            string
	Introspection       string
	Revocation          string
	EndSession          string
	DeviceAuthorization string

	// JWKS is the path of the JWK Set. Unlike the other paths it includes the query,
	// because some backends have several sets that differ only in the query.
	JWKS string

	// Algorithms are the algorithms that the backend signs id_tokens with.
	Algorithms []string

	// LeftOut are the members that cannot be read, each with what is wrong. They count as
	// missing. The texts do not contain values.
	LeftOut []string
}
