package enrich

// A Policy says what the client gets for tokens that should be enriched and are
// not. It is for the caller to apply, to outcomes that are [Outcome.Refusable].
// The zero Policy is Pass.
type Policy int

// The policies.
const (
	Pass   Policy = iota // the backend's response as it came
	Refuse               // an error, and no token
)

// String returns the policy's name, for logs.
func (p Policy) String() string {
	if p == Refuse {
		return "refuse"
	}
	return "pass"
}
