package main

import "fmt"

// The exit codes.
const (
	exitOK          = 0
	exitFault       = 1
	exitUsage       = 2 // also a wrong configuration
	exitNotEnriched = 3
)

// An exitError is an error with an exit code of its own; err may be nil where
// everything has been said.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return fmt.Sprint(e.err) }
func (e *exitError) Unwrap() error { return e.err }
