package proxy

import (
	"bufio"
	"net"
	"net/http"
	"time"
)

// A responseWriter records the status and size of a response, and limits how long the
// proxy waits for a client that does not read it.
type responseWriter struct {
	http.ResponseWriter
	status       int           // 0 before the header was sent
	bytes        int64         // of the body
	writeTimeout time.Duration // Timeouts.Write
	// forwarded says that the header is the backend's. Then net/http must not add a Date
	// or a guessed Content-Type that the backend did not send.
	forwarded bool
	// gated says that no response leaves before the final one. The header of an early one
	// could have a token, and nothing looks at it.
	gated bool
	// closes says that the connection closes after the response.
	closes bool
	// names gives the header the spelling of the backend. Nil over HTTP/2, whose names have
	// only one.
	names *headerNames
	// waits says that flushWritten is called before the proxy waits for more of the response.
	// Then nothing else needs to flush.
	waits bool
	// written says that net/http may have bytes that the client has not got.
	written bool
}

// Header implements [http.ResponseWriter]. On a hijacked connection it spells the names as
// the backend: the reverse proxy then writes the response to the upgrade itself.
func (w *responseWriter) Header() http.Header {
	h := w.ResponseWriter.Header()
	if w.status == http.StatusSwitchingProtocols && w.names != nil {
		w.names.apply(h)
	}
	return h
}

// WriteHeader implements [http.ResponseWriter].
func (w *responseWriter) WriteHeader(status int) {
	if w.gated && status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.status = status
		if w.forwarded {
			suppressDefaults(w.Header())
		}
		if w.closes { // not earlier: the header of an early response is dropped
			w.Header().Set("Connection", "close")
		}
	}
	if w.forwarded && w.names != nil {
		w.names.apply(w.Header())
	}
	unknown := w.forwarded && status >= 200 && w.Header()["Content-Length"] == nil
	if unknown && w.names != nil {
		// Otherwise net/http would add the length of a short body. It removes this where
		// it does not belong, such as from a response to HEAD or to HTTP/1.0.
		w.Header()["Transfer-Encoding"] = chunkedCoding
	}
	w.ResponseWriter.WriteHeader(status)
	w.written = status >= 200
	if unknown && w.names == nil {
		w.flush() // the same for HTTP/2, which has no Transfer-Encoding
	}
}

var chunkedCoding = []string{"chunked"}

// suppressDefaults prevents net/http from adding fields to the header.
func suppressDefaults(h http.Header) {
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
	w.written = true
	return n, err
}

// Unwrap returns the underlying writer, for [http.ResponseController].
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack implements [http.Hijacker]. It records status 101, because only an upgrade
// hijacks a connection.
func (w *responseWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.status = http.StatusSwitchingProtocols
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// armWriteDeadline sets the deadline for the next write.
func (w *responseWriter) armWriteDeadline() {
	http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(w.writeTimeout))
}

// clearWriteDeadline removes the deadline. While the backend sends nothing, the response
// may take any time. Over HTTP/2 the deadline would end the request even then.
func (w *responseWriter) clearWriteDeadline() {
	http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Time{})
}

// FlushError flushes the response, for [http.ResponseController]. It does nothing if
// flushWritten is called in time.
func (w *responseWriter) FlushError() error {
	if w.waits {
		return nil
	}
	return w.flush()
}

// flushWritten sends what the client has not got yet.
func (w *responseWriter) flushWritten() {
	if w.written {
		w.flush()
	}
}

func (w *responseWriter) flush() error {
	w.written = false
	w.armWriteDeadline()
	defer w.clearWriteDeadline()
	return http.NewResponseController(w.ResponseWriter).Flush()
}
