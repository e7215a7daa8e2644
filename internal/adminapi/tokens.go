package adminapi

import (
	"encoding/json"
	"time"
)

// A Forgotten is the answer of POST /api/users/{user_id}/forget.
type Forgotten struct {
	// User is the hash by which the log names the user.
	User string `json:"user"`
	// Note says that other replicas do not notice.
	Note string `json:"note"`
}

// An InspectRequest is the body of POST /api/tokens/inspect.
type InspectRequest struct {
	// Token is a token in compact form. It is neither logged nor kept.
	Token string `json:"token"`
	// Values asks for the values of the claims that the sidecar adds, which are the
	// user's document.
	Values bool `json:"values"`
}

// An Inspection is what the sidecar makes of a token.
type Inspection struct {
	// Kind is original, enriched or unreadable.
	Kind     string     `json:"kind"`
	Verified bool       `json:"verified"`
	Reason   string     `json:"reason"` // of the closed set of reasons
	Cause    string     `json:"cause"`
	Hints    []string   `json:"hints"`
	Key      string     `json:"key"` // which key verifies it, in words
	KeyID    string     `json:"kid"`
	Alg      string     `json:"algorithm"`
	Expires  *time.Time `json:"expires"`
	// Restorable says whether the backend would get back the original, and Restore why.
	Restorable bool   `json:"restorable"`
	Restore    string `json:"restore"`
	// Before is the original, and After the enriched token, in bytes; 0 if there is none.
	Before int              `json:"bytes_before"`
	After  int              `json:"bytes_after"`
	Claims []InspectedClaim `json:"claims"`
	Sizes  []Size           `json:"sizes"`
}

// An InspectedClaim is a claim of the original, of the enriched token, or of both.
type InspectedClaim struct {
	Name string `json:"name"`
	// Change is same, added, changed or removed.
	Change string `json:"change"`
	Before int    `json:"bytes_before"`
	After  int    `json:"bytes_after"`
	// Value is missing unless values were asked for.
	Value json.RawMessage `json:"value,omitempty"`
}
