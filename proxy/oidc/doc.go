// Package oidc reads the backend's OpenID Connect discovery document, so that the
// configuration need not say what is in it: which responses carry tokens, where
// the backend's keys are and who issues its tokens.
//
// A [Follower] fetches the document now and again and reports changes. [Parse]
// makes a [Discovery] of it, [Discovery.Rules] makes rules for package proxy of
// that, and [Merge] adds them to configured ones. [Edit] makes of the document
// what clients see: the algorithms that the proxy signs with, and public addresses.
// All but the Follower is pure.
package oidc
