//go:build !unix

package sidecar

import "math"

// openFiles returns how many files the process may have open: here the system has no limit.
func openFiles() int { return math.MaxInt32 }
