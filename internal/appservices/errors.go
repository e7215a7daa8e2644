// Package appservices answers clients the way MongoDB Atlas App Services did.
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

// Rejection returns the body that App Services sent when a user was not created. It is a
// proxy.RejectionFormat.
func Rejection(r *enrich.Rejection) []byte {
	return (&Error{Code: r.Code, Message: r.Message}).Body()
}
