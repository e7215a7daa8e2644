package enrich

import "time"

// A Query asks for the document of a user and says how old it may be.
type Query struct {
	User User
	// NotBefore is the earliest instant at which the read may have begun.
	NotBefore time.Time
	// KeepUntil is when the token expires. A cache need not keep the document
	// longer, and must not extend it when it uses the document again. If several
	// queries share a read, the latest KeepUntil counts.
	KeepUntil time.Time
}
