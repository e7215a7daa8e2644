// Package programs builds and imitates what a user runs next to the sidecar: the
// sample programs of examples/, the servers of examples/testbed, and curl for
// machines without it. The walkthroughs and the pages of the documentation run
// these.
package programs
