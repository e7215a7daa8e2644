// Package appservices answers clients the way MongoDB Atlas App Services did.
package appservices

import (
	"encoding/json"

	"github.com/tokengraft/tokengraft/enrich"
)

// Rejection returns the body that App Services sent when a user was not created:
// the message and the code of the error. It is a proxy.RejectionFormat.
func Rejection(r *enrich.Rejection) []byte {
	body, _ := json.Marshal(map[string]string{"error": r.Message, "error_code": r.Code})
	return body
}
