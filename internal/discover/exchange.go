package discover

import (
	"net/http"
	"slices"
	"time"

	"github.com/tokengraft/tokengraft/proxy/locate"
)

// An Exchange is one request and its answer, as the backend got and sent them.
type Exchange struct {
	Method        string
	Path          string // escaped
	RawQuery      string
	RequestHeader http.Header
	// RequestBody is the whole body without a content coding. It is nil if there was
	// none, or if it was not kept.
	RequestBody []byte
	// HasRequestBody says that the request had a body, kept or not.
	HasRequestBody bool
	Status         int
	Header         http.Header
	// Body is the whole body without a content coding. It is nil if it was not kept.
	Body []byte
	// Cut says that the answer had a body of text that was not kept, because it was too
	// large, in an unknown coding, or not in the recording.
	Cut bool
	At  time.Time
	// Recorded says that it is from a recording: discover was not on the way, and the
	// client used an address of the backend.
	Recorded bool
}

// Request returns the part of the exchange that the backend got.
func (e *Exchange) Request() locate.Request {
	return locate.Request{Path: e.Path, Query: e.RawQuery, Header: e.RequestHeader, HasBody: e.HasRequestBody, Body: e.RequestBody}
}

// Response returns the part of the exchange that the backend sent.
func (e *Exchange) Response() locate.Response {
	return locate.Response{Header: e.Header, Body: e.Body}
}

// sortByTime sorts exchanges by when they began.
func sortByTime(exchanges []Exchange) {
	slices.SortStableFunc(exchanges, func(a, b Exchange) int { return a.At.Compare(b.At) })
}
