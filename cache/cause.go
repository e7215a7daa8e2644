package cache

// A cause says why an entry left the cache without a later read to replace it.
type cause int

const (
	capacity cause = iota // another entry needed the memory
	changed               // it was invalidated
	expired               // its lifetime ended
	causeCount
)

func (c cause) String() string {
	return [causeCount]string{"capacity", "changed", "expired"}[c]
}
