// Package oidc reads the backend's OpenID Connect discovery document. The document
// says which responses carry tokens, where the backend's keys are and who issues its
// tokens, so the configuration does not have to.
//
// A [Follower] fetches the document periodically and reports changes. [Parse] parses
// a document into a [Discovery], [Discovery.Rules] makes rules for package proxy
// from that, and [Merge] adds them to configured rules. [Edit] rewrites the document
// for clients: it adds the algorithms that the proxy signs with, and replaces the
// backend's private address with the public one. Only the Follower does I/O.
package oidc
