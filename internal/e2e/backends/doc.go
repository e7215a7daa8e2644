// Package backends runs a sidecar between real login services and real clients, as Debian
// packages them: Django with simplejwt and Glewlwyd, and mod_auth_openidc, Authlib and PyJWT.
// A row whose packages are not installed is skipped, and says what to install. The rows are
// the table in docs/backends.md.
package backends
