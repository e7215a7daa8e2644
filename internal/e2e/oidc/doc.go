// Package oidc runs a sidecar in front of third-party OpenID providers, Zitadel's and
// Ory's, and uses its tokens as strict clients do.
package oidc
