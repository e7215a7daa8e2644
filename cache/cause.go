package cache

// A cause says why an entry left the cache without a later read in its place.
type cause int

const (
	capacity cause = iota // another entry needed the room
	changed               // it was invalidated
	expired               // its life ended
	causeCount
)

func (c cause) String() string {
	return [causeCount]string{"capacity", "changed", "expired"}[c]
}
