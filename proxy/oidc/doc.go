// Package oidc reads the backend's OpenID Connect discovery document, so that the
// configuration need not say what is in it: which responses carry tokens, where
// the backend's keys are and who issues its tokens.
//
// A [Follower] fetches the document periodically and reports changes. [Parse] reads
// a document into a [Discovery], [Discovery.Rules] makes rules for package proxy
// from that, and [Merge] adds them to configured rules. [Edit] rewrites the document
// for clients: it adds the algorithms that the proxy signs with, and replaces the
// backend's private address with the public one. Everything but the Follower is
// pure.
package oidc
