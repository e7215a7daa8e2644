//go:build !linux

package memlimit

import "errors"

// ReleaseCode is only for Linux.
func ReleaseCode() (released int64, err error) { return 0, errors.ErrUnsupported }
