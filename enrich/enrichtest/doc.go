// Package enrichtest is what tests of enrichment stand on: a suite that every
// source of documents has to pass, and real servers to run it against. Nothing
// that is shipped imports it.
package enrichtest
