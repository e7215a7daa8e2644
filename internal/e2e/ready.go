package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Eventually waits until holds returns true. It fails the test after a minute.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited a minute until %s, but that did not happen", what)
		}
	}
}

// WaitReady waits until /readyz answers 200 and each of these conditions is ok, such
// as "jwks" or "discovery".
func (s *Sidecar) WaitReady(t testing.TB, conditions ...string) {
	t.Helper()
	var last Reply
	defer func() {
		if t.Failed() {
			t.Logf("/readyz: %d %s", last.Status, last.Body)
		}
	}()
	Eventually(t, fmt.Sprintf("the sidecar is ready and %q are ok", conditions), func() bool {
		reply, err := s.Admin.Try(http.MethodGet, "/readyz", "")
		if last = reply; err != nil || reply.Status != http.StatusOK {
			return false
		}
		for _, condition := range conditions {
			if !strings.Contains(reply.Body, `"`+condition+`":"ok"`) {
				return false
			}
		}
		return true
	})
}
