// Package keydir keeps signing keys in a directory: it lists, makes, rotates and
// deletes them. It is what `tokengraft keys` and a keys.Ring share, and serves
// tools of operators.
//
// # Files
//
// Each key is a PEM file (PKCS #8, RFC 7468) named *.pem or *.key, with lines
// before the block that other tools skip:
//
//	A signing key of tokengraft. Keep it secret.
//	algorithm: ES256
//	created: 2030-05-01T12:00:00Z
//	active: 2030-05-01T12:06:10Z
//	-----BEGIN PRIVATE KEY-----
//	…
//
// A PEM file of another origin (PKCS #8, PKCS #1 or SEC 1) works too, without
// these lines or with some of them. Without algorithm an RSA key signs with all
// of [AnyRSA]; without active a key has always been active.
//
// The kid of a key is its RFC 7638 thumbprint. Files are written for their owner
// alone, and appear whole or not at all. Any number of replicas may share a
// directory: of two that make the same key together one makes it, and the other
// adopts it. A directory without write permission is only read.
//
// # Life of a key
//
// A key is [Next] (published, does not sign yet), then [Active] (signs), then
// [Retired] (does not sign, but still verifies and restores). The state follows
// from the instants in the files and the clock alone, so that copies, read-only
// mounts and replicas agree, whatever the modification times are.
//
// [Dir.Rotate] makes a next key. It becomes active after [Publication], when
// every client that respects Cache-Control has fetched a JWK Set with it, and
// then the former key retires. A retired key is published until the last token
// that it signed has expired, and restores tokens until [Dir.Prune] deletes it.
//
// Every method takes the current time.
package keydir
