// Package walkthrough runs the walkthroughs in examples/. Each is documentation: a
// script that starts a sidecar as a user would. To add one, add a file
// examples/NAME/NAME.txtar.
package walkthrough
