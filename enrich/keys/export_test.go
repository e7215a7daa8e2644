package keys

import "time"

// OpenSkewed is [Open] with a clock that is ahead by a duration.
func OpenSkewed(o Options, ahead time.Duration) (*Ring, error) {
	return openAt(o, func() time.Time { return time.Now().Add(ahead) })
}
