// Package tls tests TLS on both sides of the sidecar: its public listener, and its
// connections to a backend that requires a client certificate.
package tls
