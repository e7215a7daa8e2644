// Package oidc puts a sidecar in front of OpenID providers that nobody here
// wrote, zitadel's and Ory's, and uses its tokens as strict clients do.
package oidc
