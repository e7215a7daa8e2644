package appservices

import (
	"encoding/json"

	"github.com/tokengraft/tokengraft/enrich"
)

// An Error is a call that fails, as App Services answers it to clients.
type Error struct {
	Status  int    // of HTTP
	Code    string // such as FunctionNotFound
	Message string // for the client; without addresses and other users' data
}

// Error implements [error].
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Body returns the body of the answer.
func (e *Error) Body() []byte {
	body, _ := json.Marshal(map[string]string{"error": e.Message, "error_code": e.Code})
	return body
}

// A Caller is the user who sends a call.
type Caller struct {
	Identity enrich.User
	// User is the user object, as context.user has it, with the custom data of the moment:
	// Extended JSON.
	User json.RawMessage
	// Request is context.request: Extended JSON.
	Request json.RawMessage
}
