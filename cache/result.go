package cache

// A result says how the cache answered a lookup. Every lookup has one.
type result int

const (
	hit     result = iota // with an entry
	miss                  // by asking the source, because there was no entry
	reload                // by asking the source, because the entry was not fresh
	stale                 // with a stale document, because the source failed
	missing               // from an entry of a user without a document
	resultCount
)

func (r result) String() string {
	return [resultCount]string{"hit", "miss", "reload", "stale", "missing"}[r]
}
