package sidecar

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/internal/budget"
	"github.com/tokengraft/tokengraft/internal/connlimit"
	"github.com/tokengraft/tokengraft/proxy"
)

// headerSlack is how much larger than limits.headers a header is read. The proxy
// refuses it then with a problem response and a line in the access log. Above it the
// server itself refuses. HTTP/2 counts 32 bytes more for each line.
const headerSlack = 16 << 10

func serverHeader(cfg *config.Config) int { return int(cfg.Limits.Headers) + headerSlack }

// readLines is after how many lines a header is read no further. Between
// [proxy.MaxHeaderLines] and this the proxy refuses.
const readLines = 2 * proxy.MaxHeaderLines

// HTTP/2 connections may have as many requests at once as most servers allow. Their
// windows bound what a connection buffers for bodies that wait to be read.
func http2Bounds() *http.HTTP2Config {
	return &http.HTTP2Config{
		MaxConcurrentStreams:          100,
		MaxReadFrameSize:              16 << 10,
		MaxReceiveBufferPerConnection: 128 << 10,
		MaxReceiveBufferPerStream:     64 << 10,
		WriteByteTimeout:              time.Minute,
	}
}

// newPool returns the connections of a listener. Each refusal is counted.
func newPool(s *Sidecar, b connlimit.Bounds) *connlimit.Pool {
	return connlimit.New(connlimit.Options{
		Bounds:       b,
		Lines:        readLines,
		TooManyLines: onWire(http.HandlerFunc(proxy.HeadersTooLarge)),
		Overloaded:   http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.current().proxy.Overloaded(w, r) }),
		Refused:      func(limit budget.Limit) { s.refusals.Count(context.Background(), limit) },
	})
}

// onWire returns the response of a handler to an empty request, in HTTP/1. It closes
// the connection.
func onWire(h http.Handler) []byte {
	answer := &recorder{header: http.Header{}}
	h.ServeHTTP(answer, &http.Request{Method: http.MethodGet, Header: http.Header{}})
	response := &http.Response{
		StatusCode: answer.status, ProtoMajor: 1, ProtoMinor: 1, Close: true,
		Header: answer.header, Body: io.NopCloser(&answer.body), ContentLength: int64(answer.body.Len()),
	}
	delete(answer.header, "Date") // of now, not of the connection
	var wire bytes.Buffer
	_ = response.Write(&wire) // neither the body nor the buffer returns errors
	return wire.Bytes()
}

// A recorder is an [http.ResponseWriter] that keeps a response.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// withoutPreface refuses the start of an HTTP/2 connection where HTTP/2 without TLS is
// off. net/http gives it to the handler as a request.
func withoutPreface(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "PRI" {
			w.Header().Set("Connection", "close")
			http.Error(w, "HTTP/2 without TLS is off", http.StatusHTTPVersionNotSupported)
			return
		}
		next.ServeHTTP(w, r)
	})
}
