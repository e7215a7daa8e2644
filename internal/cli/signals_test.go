package cli

import (
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// timeout(1) sends a signal to the process, and then to its process group.
func TestSignals_IgnoreARepetitionOfTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals, ended := make(chan os.Signal), false
		go func() {
			waitForSecond(signals)
			ended = true
		}()
		signals <- syscall.SIGTERM
		if synctest.Wait(); ended {
			t.Errorf("a signal at once after the first ended the process, want it ignored for %v", repeatTime)
		}
		time.Sleep(repeatTime)
		signals <- syscall.SIGTERM
		if synctest.Wait(); !ended {
			t.Errorf("a signal %v after the first did not end the process, want it to", repeatTime)
		}
	})
}
