//go:build !unix

package http1

import "errors"

// Supported reports whether this system has a read that never waits.
const Supported = false

func readSocket(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }
