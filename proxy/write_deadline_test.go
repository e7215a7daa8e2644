package proxy_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/proxy"
)

// deadlines is a ResponseWriter that records its write deadlines.
type deadlines struct {
	http.ResponseWriter
	set []time.Time
}

func (d *deadlines) SetWriteDeadline(t time.Time) error {
	d.set = append(d.set, t)
	return nil
}

// Over HTTP/1 a write always has at least Timeouts.Write and at most a quarter more, and the
// deadline is set seldom. Over HTTP/2 there is none between writes.
func TestWriteDeadline_IsSetOncePerTimeout(t *testing.T) {
	const timeout = time.Minute
	write := func(w http.ResponseWriter) { w.Write([]byte("x")) }
	for _, tt := range []struct {
		name     string
		major    int
		expect   bool
		pauses   []time.Duration // before each write
		wantSets int
	}{
		{"answer", 1, false, []time.Duration{time.Second, 0, 0}, 1},
		{"slow answer", 1, false, []time.Duration{5 * time.Minute}, 2},
		{"stream", 1, false, []time.Duration{10 * time.Second, 10 * time.Second, 10 * time.Second, 10 * time.Second}, 3},
		{"expect", 1, true, []time.Duration{time.Second, 0}, 2},
		{"http2", 2, false, []time.Duration{0, time.Hour}, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &deadlines{ResponseWriter: httptest.NewRecorder()}
				r := &http.Request{ProtoMajor: tt.major, Header: http.Header{}}
				if tt.expect {
					r.Header.Set("Expect", "100-continue")
				}
				w := proxy.WithWriteTimeout(d, r, timeout)
				if first := d.set[0]; first.IsZero() != (tt.expect || tt.major == 2) {
					t.Errorf("before the first write the deadline is %v", first)
				}
				for _, pause := range tt.pauses {
					time.Sleep(pause)
					write(w)
					last := d.set[len(d.set)-1]
					if tt.major == 2 {
						if !last.IsZero() {
							t.Errorf("after a write the deadline is %v, want none", last)
						}
						last = d.set[len(d.set)-2]
					}
					if left := time.Until(last); left < timeout || left > timeout+timeout/4 {
						t.Errorf("a write has %v left, want between %v and a quarter more", left, timeout)
					}
				}
				if len(d.set) != tt.wantSets {
					t.Errorf("the deadline was set %d times, want %d", len(d.set), tt.wantSets)
				}
			})
		})
	}
}
