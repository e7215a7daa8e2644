// Package appservices has what clients of MongoDB Atlas App Services expect.
package appservices

import (
	"encoding/json"

	"github.com/tokengraft/tokengraft/enrich"
)

// Rejection is what App Services answered when a user was not created: the
// message and the code of the error. It is a proxy.RejectionFormat.
func Rejection(r *enrich.Rejection) []byte {
	body, _ := json.Marshal(map[string]string{"error": r.Message, "error_code": r.Code})
	return body
}
