package proxy

import (
	"io"
	"net/http"
	"time"
)

// A body that is read before it is forwarded occupies memory. So in every paceTime at
// least paceBytes of it must arrive, or its end.
const (
	paceTime  = 10 * time.Second
	paceBytes = 64 << 10
)

// A pacedBody is a body that must arrive at that rate.
type pacedBody struct {
	io.Reader
	control http.ResponseController
	end     time.Time // when all of it must have arrived
	arrived int       // bytes since the deadline was set
}

// newPacedBody returns the body with the first deadline set.
func newPacedBody(body io.Reader, control http.ResponseController, timeout time.Duration) *pacedBody {
	now := time.Now()
	b := &pacedBody{Reader: body, control: control, end: now.Add(timeout)}
	b.setDeadline(now)
	return b
}

func (b *pacedBody) setDeadline(now time.Time) {
	deadline := now.Add(paceTime)
	if deadline.After(b.end) {
		deadline = b.end
	}
	b.control.SetReadDeadline(deadline)
	b.arrived = 0
}

// Read implements [io.Reader].
func (b *pacedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if b.arrived += n; b.arrived >= paceBytes && err == nil {
		b.setDeadline(time.Now())
	}
	return n, err
}
