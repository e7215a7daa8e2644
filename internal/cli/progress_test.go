package cli

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

func TestProgress_SaysWhatACommandWaitsForAfterASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		p := &progress{w: &text}
		for _, tt := range []struct {
			what string
			then time.Duration
			want string
		}{
			{"asking the backend", patience - 1, ""},
			{"fetching keys", patience + 1, "fetching keys …\n"},
			{"reading documents", patience - 1, ""},
			{"", time.Hour, ""},
		} {
			text.Reset()
			p.step(tt.what)
			time.Sleep(tt.then)
			synctest.Wait()
			if text.String() != tt.want {
				t.Errorf("%v after the step %q: %q, want %q", tt.then, tt.what, text.String(), tt.want)
			}
		}
	})
}

// A log would get lines that depend on how fast the machine is.
func TestProgress_IsForTerminals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		p := newProgress(&text)
		p.step("asking the backend")
		time.Sleep(time.Hour)
		synctest.Wait()
		if text.Len() > 0 {
			t.Errorf("progress without a terminal: %q, want nothing", text.String())
		}
	})
}
