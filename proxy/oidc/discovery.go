package oidc

// A Discovery is what a backend says of itself (OpenID Connect Discovery 1.0,
// section 3; RFC 8414, section 2).
//
// A document may name public addresses. The backend is asked at its own, so only
// paths are kept here, percent-encoded as they stood, // included; empty where
// the document names none.
type Discovery struct {
	// Issuer is what iss of the backend's tokens must equal. It is not dialed,
	// and may be any text.
	Issuer string

	Authorization       string
	Token               string
	TokenMTLS           string // for clients with a certificate (RFC 8705, section 5)
	UserInfo            string
	Introspection       string
	Revocation          string
	EndSession          string
	DeviceAuthorization string

	// JWKS has its query, too: some backends tell their sets apart by it.
	JWKS string

	// Algorithms are what id_tokens are signed with, by the document.
	Algorithms []string
}
