package proxy

import (
	"net/http"
	"time"
)

// stall is how long a client may take nothing, where the options do not say.
const stall = time.Minute

func (t Timeouts) write() time.Duration {
	if t.Write == 0 {
		return stall
	}
	return t.Write
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
