package enrich

import "time"

// A Query asks for the document of a user and says how old it may be.
type Query struct {
	User User
	// NotBefore is the earliest time at which the read may have started.
	NotBefore time.Time
	// KeepUntil is how long a cache may answer logins with the document: until the
	// token expires, or until Options.MaxAge has passed if that is earlier. Using the
	// document again does not extend it. If several queries share a read, the latest
	// KeepUntil applies.
	KeepUntil time.Time
}
