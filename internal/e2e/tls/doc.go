// Package tls tests the two sides of the sidecar that speak TLS: its public
// listener, and its client of a backend that wants a certificate.
package tls
