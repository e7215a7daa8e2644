package oidc

// A Discovery is what a backend says about itself (OpenID Connect Discovery 1.0,
// section 3; RFC 8414, section 2).
//
// Endpoints are paths, without scheme and host: a document may name public
// addresses, but the proxy sends requests to the backend's private one. They keep
// their percent-encoding and any //. An endpoint that the document does not name
// is empty.
type Discovery struct {
	// Issuer is the value of iss in the backend's tokens. It may be any text,
	// because nothing connects to it.
	Issuer string

	Authorization       string
	Token               string
	TokenMTLS           string // for clients with a certificate (RFC 8705, section 5)
	UserInfo            string
	Introspection       string
	Revocation          string
	EndSession          string
	DeviceAuthorization string

	// JWKS is the path of the JWK Set with its query, because some backends
	// distinguish their sets by it.
	JWKS string

	// Algorithms are those that the backend signs id_tokens with.
	Algorithms []string
}
