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
	// http1 says that the connection has one response at a time, so that a deadline which
	// passes between two writes does no harm.
	http1    bool
	deadline time.Time // of writes, over HTTP/1: see [responseWriter.armWriteDeadline]
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
	// waits says that BeforeWait is called before the proxy waits for more of the response.
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

// takeHeader moves the header of the backend's response to the client's. The reverse proxy
// would copy it, with an allocation for each field, and parse Content-Type to find out
// whether to flush: see [exchange.streamFrom]. To an upgrade it writes the response itself.
func (w *responseWriter) takeHeader(res *http.Response) {
	h := w.ResponseWriter.Header()
	if len(h) > 0 || res.StatusCode == http.StatusSwitchingProtocols {
		return
	}
	for name, values := range res.Header {
		if len(values) > 0 {
			h[name] = values
		}
	}
	res.Header = nil
}

// WriteHeader implements [http.ResponseWriter].
func (w *responseWriter) WriteHeader(status int) {
	if w.gated && status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	if status < 200 && w.http1 { // net/http sends an early response at once
		w.armWriteDeadline()
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
	if unknown && w.http1 {
		// Otherwise net/http would add the length of a short body. It removes this where
		// it does not belong, such as from a response to HEAD or to HTTP/1.0.
		w.Header()["Transfer-Encoding"] = chunkedCoding
	}
	w.ResponseWriter.WriteHeader(status)
	w.written = status >= 200
	if unknown && !w.http1 {
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
	n, err := w.ResponseWriter.Write(b)
	w.clearWriteDeadline()
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

// startWrites sets the deadline for what net/http writes before the first Write. Over HTTP/1
// that is the deadline of the connection, which the request before has left. A request that
// expects 100 Continue gets that when the backend reads its body, which may be any time.
func (w *responseWriter) startWrites(r *http.Request) {
	if w.http1 && r.Header["Expect"] == nil {
		w.armWriteDeadline()
		return
	}
	w.setWriteDeadline(time.Time{})
}

// armWriteDeadline makes the next write end after Timeouts.Write. Over HTTP/1 the deadline
// stays, and a later write moves it only when less than Timeouts.Write is left of it, so a
// client has between that and a quarter more. Setting and clearing it for each write and
// flush was 2 % of the CPU time of a request.
func (w *responseWriter) armWriteDeadline() {
	now := time.Now()
	if !w.http1 {
		w.setWriteDeadline(now.Add(w.writeTimeout))
		return
	}
	if w.deadline.Sub(now) < w.writeTimeout {
		w.deadline = now.Add(w.writeTimeout + w.writeTimeout/4)
		w.setWriteDeadline(w.deadline)
	}
}

// clearWriteDeadline is called after a write. While the backend sends nothing, the response
// may take any time. Over HTTP/2 the deadline would end the request even then, so it is
// removed.
func (w *responseWriter) clearWriteDeadline() {
	if !w.http1 {
		w.setWriteDeadline(time.Time{})
	}
}

func (w *responseWriter) setWriteDeadline(t time.Time) {
	http.NewResponseController(w.ResponseWriter).SetWriteDeadline(t)
}

// FlushError flushes the response, for [http.ResponseController]. It does nothing if
// BeforeWait is called in time.
func (w *responseWriter) FlushError() error {
	if w.waits {
		return nil
	}
	return w.flush()
}

// BeforeWait implements [http1.Observer].
func (w *responseWriter) BeforeWait() { w.flushWritten() }

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
