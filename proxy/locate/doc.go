// Package locate knows where tokens are in HTTP messages. It finds them in
// responses so that they can be enriched, and in requests so that they can be
// restored, and puts the new ones back so that every other byte stays.
//
// It is pure: it does no I/O, verifies nothing, and never writes to what it is
// given. It is the only importer of golang.org/x/net/html.
package locate
