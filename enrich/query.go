package enrich

import "time"

// A Query asks for the document of a user and says how old it may be.
type Query struct {
	User User
	// NotBefore is the earliest time at which the read may have started.
	NotBefore time.Time
	// KeepUntil is when the token expires. A cache does not have to keep the
	// document longer, and must not extend KeepUntil when it uses the document
	// again. If several queries share a read, the latest KeepUntil applies.
	KeepUntil time.Time
}
