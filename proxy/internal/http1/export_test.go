package http1

import (
	"io"
	"net/http"
)

// ParseHead returns the response to GET whose usual head p starts with, without its body. ok is
// false if the head is not a usual one.
func ParseHead(p []byte) (res *http.Response, size int, ok bool) {
	h, ok := parseHead(p)
	return &http.Response{
		Status: h.reason, StatusCode: h.status, Proto: "HTTP/1.1", Header: h.header, ContentLength: h.length, Body: io.NopCloser(nil),
	}, h.size, ok
}
