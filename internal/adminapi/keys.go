package adminapi

import "time"

// Keys is the answer of GET /api/keys.
type Keys struct {
	// Dir is sign.keys. It is empty if the sidecar has no keys of its own; Why then says
	// with what it signs.
	Dir string `json:"dir"`
	Why string `json:"why"`
	// ReadOnly says why keys cannot be rotated here, or "".
	ReadOnly string `json:"read_only"`
	Keys     []Key  `json:"keys"`
	JWKS     JWKS   `json:"jwks"`
}

// A Key is a key of the ring. A time is nil if it is not known or does not apply.
type Key struct {
	ID        string `json:"kid"`
	Algorithm string `json:"algorithm"`
	// State is next, active, retired or backend.
	State       string     `json:"state"`
	Created     *time.Time `json:"created"`
	SignsFrom   *time.Time `json:"signs_from"`
	SignsUntil  *time.Time `json:"signs_until"`
	NeededUntil *time.Time `json:"needed_until"` // its tokens may be valid until then
	Published   bool       `json:"published"`
}

// JWKS is what is known of the backend's key set.
type JWKS struct {
	From string `json:"from"` // where the keys come from, in words
	// Fetched is when it was last fetched, and FreshUntil when it is fetched again.
	Fetched    *time.Time `json:"fetched"`
	FreshUntil *time.Time `json:"fresh_until"`
	Fault      string     `json:"fault"`
	Paths      []string   `json:"paths"` // where the sidecar publishes the merged set
}

// A KeyChange asks POST /api/keys/rotate or /api/keys/prune for a change.
type KeyChange struct {
	// DryRun asks only what would change.
	DryRun bool `json:"dry_run"`
	// Now makes a new key sign at once, when one has leaked. Only for rotate.
	Now bool `json:"now"`
	// IDs are the retired keys to delete, of any age. Only for prune.
	IDs []string `json:"kids"`
}

// A KeyChanged is the answer to a [KeyChange].
type KeyChanged struct {
	DryRun bool `json:"dry_run"`
	// Steps say what was or would be done, one sentence for each key.
	Steps []string `json:"steps"`
	// Warning says what the change breaks, or "".
	Warning string `json:"warning"`
}
