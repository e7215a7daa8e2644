// Package keys verifies the backend's tokens and signs enriched ones. Its [Ring]
// implements enrich.Ring.
//
// # Verifying
//
// The backend's keys come from a JWK Set (RFC 7517) at a URL or in a file, from
// a PEM file, from a shared secret, or from a secret and one of the others. A
// token is accepted if all of these hold:
//
//   - one of the keys verifies its signature, and its algorithm fits the type of
//     that key (RFC 8725, section 3.1);
//   - the time is between nbf and exp (RFC 7519, section 4.1);
//   - iss and aud are as configured.
//
// The ring never accepts the algorithm "none", or a key in the token's own header.
//
// The ring fetches a JWK Set again when it is no longer fresh according to
// Cache-Control (RFC 9111), at most every 30 seconds and at least every 10
// minutes. If the set has no key for a token, the ring fetches it at once, but at
// most every 30 seconds. While fetching fails, the last good set stays in use. A
// key that is missing in a newer set is no longer trusted.
//
// # Signing
//
// The ring signs an enriched token
//
//   - with one of our own keys, in Options.Dir, if the original has an asymmetric
//     algorithm. The ring makes missing keys when it opens, and when the backend
//     starts to use a new algorithm. Package keydir describes their rotation;
//     Options.RotateAfter automates it;
//   - with the backend's own private key, if Options.BackendKey is set instead;
//   - with the shared secret, if the original has HS256, HS384 or HS512.
//
// Without any of them the ring verifies tokens but does not sign.
//
// Clients that verify tokens need one JWK Set for originals and enriched tokens.
// [Ring.JWKS] merges the backend's keys and ours.
//
// # Life of a ring
//
// [Open] reads files and does not use the network. [Ring.Run] then keeps the
// backend's JWK Set and our keys up to date until its context ends. Without Run
// the ring fetches the set only when a token needs it. [Ring.Check] fetches the set
// now and reports what would prevent tokens from being enriched. Keys may change
// at any time without a restart.
package keys
