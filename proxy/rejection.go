package proxy

import (
	"encoding/json"
	"net/http"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy/locate"
)

// Errors is the shape of an answer that says why no token was issued: the
// backend's own, so that its clients can read it.
type Errors int

// The shapes.
const (
	// ErrorsOAuth is what a token endpoint answers (RFC 6749, section 5.2).
	ErrorsOAuth Errors = iota
	// ErrorsAppServices is what MongoDB Atlas App Services answered.
	ErrorsAppServices
)

// rejection is the answer to a client that reads JSON. Others, redirected
// browsers among them, get a problem.
func (e Errors) rejection(res *http.Response, r *enrich.Rejection) answer {
	switch {
	case !locate.IsJSON(res.Header):
		return problemRejected
	case e == ErrorsAppServices:
		return rejected{"error": r.Message, "error_code": r.Code}
	}
	return rejected{"error": "access_denied", "error_description": r.Message}
}

// rejected is the body of an answer in the backend's shape.
type rejected map[string]string

// status is 400, as section 5.2 wants it. It is not 401 in any shape: clients
// log their users out on it.
func (rejected) status() int { return http.StatusBadRequest }

func (r rejected) header(h http.Header) []byte {
	body, _ := json.Marshal(r)
	setBodyHeader(h, "application/json", body)
	return body
}
