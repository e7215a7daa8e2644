package enrich

// A Policy says what the client gets if a token could not be enriched. The
// caller of [Enricher.Enrich] applies it to each outcome that is
// [Outcome.Refusable]. The zero Policy is Pass.
type Policy int

// The policies.
const (
	Pass   Policy = iota // the backend's response, unchanged
	Refuse               // an error without a token
)

// String returns the policy's name, for logs.
func (p Policy) String() string {
	if p == Refuse {
		return "refuse"
	}
	return "pass"
}
