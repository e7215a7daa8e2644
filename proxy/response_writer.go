package proxy

import (
	"bufio"
	"net"
	"net/http"
	"time"
)

// A responseWriter records what was answered, and bounds how long the client may
// take for it.
type responseWriter struct {
	http.ResponseWriter
	status       int
	bytes        int64
	writeTimeout time.Duration // for how long the client may take nothing
	// forwarded says that the backend's header is passed on: then net/http adds no
	// Date, and no Content-Type of its own guess, where the backend sent none.
	forwarded bool
}

// WriteHeader implements [http.ResponseWriter].
func (w *responseWriter) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.status = status
		if w.forwarded {
			keepAbsent(w.Header())
		}
	}
	w.ResponseWriter.WriteHeader(status)
	if w.forwarded && status >= 200 && w.Header()["Content-Length"] == nil {
		// Else net/http adds a Content-Length of 0 to a body that ends at once.
		w.FlushError()
	}
}

// keepAbsent keeps net/http from adding fields to the header.
func keepAbsent(h http.Header) {
	for _, name := range []string{"Date", "Content-Type"} {
		if _, ok := h[name]; !ok {
			h[name] = nil
		}
	}
}

// Write implements [http.ResponseWriter].
func (w *responseWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	w.armWriteDeadline()
	defer w.clearWriteDeadline()
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap is for [http.ResponseController].
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack implements [http.Hijacker]: what follows is an upgraded connection.
func (w *responseWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.status = http.StatusSwitchingProtocols
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// armWriteDeadline starts the time that the client has to take what is written
// next.
func (w *responseWriter) armWriteDeadline() {
	http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(w.writeTimeout))
}

// clearWriteDeadline ends that time. While nothing is written a client may wait
// for as long as it likes, and over HTTP/2 a deadline would end its request all
// the same.
func (w *responseWriter) clearWriteDeadline() {
	http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Time{})
}

// FlushError is for [http.ResponseController].
func (w *responseWriter) FlushError() error {
	w.armWriteDeadline()
	defer w.clearWriteDeadline()
	return http.NewResponseController(w.ResponseWriter).Flush()
}
