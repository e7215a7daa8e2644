//go:build !linux

package reexec

import "time"

// Limit does nothing on this system. On Linux it limits the memory and the time on
// processors of this process, which must be a child.
func Limit(int64, time.Duration) error { return nil }
