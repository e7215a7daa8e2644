package proxy

import (
	"bufio"
	"net"
	"net/http"
	"time"
)

// A recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	stall  time.Duration // for how long the client may take nothing
	// proxied says that the backend's header is passed on: then there is no Date
	// and no guessed Content-Type where the backend sent none.
	proxied bool
}

// WriteHeader implements [http.ResponseWriter].
func (w *recorder) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.status = status
		if w.proxied {
			addNothing(w.Header())
		}
	}
	w.ResponseWriter.WriteHeader(status)
	if w.proxied && status >= 200 && w.Header()["Content-Length"] == nil {
		// Else net/http adds a Content-Length of 0 to a body that ends at once.
		w.FlushError()
	}
}

// addNothing keeps net/http from adding to the header.
func addNothing(h http.Header) {
	for _, name := range []string{"Date", "Content-Type"} {
		if _, ok := h[name]; !ok {
			h[name] = nil
		}
	}
}

// Write implements [http.ResponseWriter].
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	w.hurry()
	defer w.relax()
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap is for [http.ResponseController].
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack implements [http.Hijacker]: what follows is an upgraded connection.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.status = http.StatusSwitchingProtocols
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// hurry begins the time that the client has to take what is written next.
func (w *recorder) hurry() {
	http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(w.stall))
}

// relax ends it. While nothing is written a client may wait for as long as it
// likes, and over HTTP/2 a deadline would end its request all the same.
func (w *recorder) relax() {
	http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Time{})
}

// FlushError is for [http.ResponseController].
func (w *recorder) FlushError() error {
	w.hurry()
	defer w.relax()
	return http.NewResponseController(w.ResponseWriter).Flush()
}
