// Package keydir manages signing keys in a directory: it lists, makes, rotates and
// deletes them. The command `tokengraft keys` and keys.Ring use it, and so can your
// own tools.
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
// A PEM file from another tool (PKCS #8, PKCS #1 or SEC 1) works too. It does not
// need any of these lines. Without the line algorithm, an RSA key signs with all
// RSA algorithms ([AnyRSA]). Without the line active, a key has always been active.
//
// The kid of a key is its RFC 7638 thumbprint. Files are written with mode 0600. A
// file appears complete or not at all. Any number of replicas may share a
// directory: if two make the same key at once, one makes it and the other uses it.
// A directory without write permission is only read.
//
// Anyone who can add a key can sign. So every method fails if the directory or a key
// file can be written by everybody or by a group, or has an owner other than this
// user and root. A group may write if the directory has the setgid bit and the group
// is one of this process, as in a volume of Kubernetes with an fsGroup. On a read-only
// mount only the permission of everybody counts, and a directory of root with the
// sticky bit, as Kubernetes mounts secrets, is allowed.
//
// # Life of a key
//
// A key is [Next] (published, does not sign yet), then [Active] (signs), then
// [Retired] (does not sign, but still verifies and restores). The state depends
// only on the times in the files and on the clock, so that copies, read-only mounts
// and replicas agree. The modification times of the files do not matter.
//
// [Dir.Rotate] makes a next key. It becomes active after [Publication]; by then
// every client that respects Cache-Control has fetched a JWK Set with it. Then the
// previous key retires. A retired key is published until the last token that it
// signed has expired. It restores tokens until [Dir.Prune] deletes it.
//
// Methods whose result depends on the time take the current time as an argument.
package keydir
