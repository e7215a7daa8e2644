// Package workflows tests what GitHub reads in .github: that the workflows have few
// permissions, use actions by commit, and call targets of the Makefile that exist.
package workflows
