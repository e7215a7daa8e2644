// Package reply has the responses that the sidecar itself sends to clients.
package reply

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// A Reply is a response. No cache keeps it.
type Reply struct {
	Status      int
	ContentType string
	Body        []byte
}

// Write sends the reply to the client.
func (r Reply) Write(w http.ResponseWriter) {
	r.SetHeader(w.Header())
	w.WriteHeader(r.Status)
	w.Write(r.Body)
}

// SetHeader sets the header of the reply. Other fields stay.
func (r Reply) SetHeader(h http.Header) {
	h.Set("Content-Type", r.ContentType)
	h.Set("Content-Length", strconv.Itoa(len(r.Body)))
	h.Set("Cache-Control", "no-store")
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
}

// A Problem is an error response (RFC 9457). It must not show addresses, settings' values,
// tokens or documents to the client; the log has the cause.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// Reply returns the reply that shows the problem.
func (p Problem) Reply() Reply {
	body, _ := json.Marshal(p) // four plain fields
	return Reply{p.Status, "application/problem+json", body}
}
