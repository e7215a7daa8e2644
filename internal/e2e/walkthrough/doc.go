// Package walkthrough runs the walkthroughs of examples/, which are
// documentation: each is a script that starts a sidecar as a user would. A new
// one needs no line of Go.
package walkthrough
