package appservices

import (
	"encoding/json"

	"github.com/tokengraft/tokengraft/enrich"
)

// A Caller is the user who sends a call.
type Caller struct {
	Identity enrich.User
	// User is the user object, as context.user has it, with the custom data of the moment:
	// Extended JSON.
	User json.RawMessage
	// Request is context.request: Extended JSON.
	Request json.RawMessage
}
