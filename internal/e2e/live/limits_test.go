package live_test

import (
	"net/http"
	"strings"
	"testing"
)

// A request that was at the backend before the reload still has its turn after it, so
// the limits are not doubled.
func TestReload_SharesTurnsBetweenGenerations(t *testing.T) {
	t.Parallel()
	l := start(t, strings.Replace(configuration, "documents:", "limits: {requests: 1}\ndocuments:", 1), "")
	claims, login := l.logInSlowly()
	expect := func(when string, want int) {
		reply, err := l.Public.Try(http.MethodPost, "/login", "{}")
		if err != nil || reply.Status != want {
			t.Errorf("a login %s: got %d, %v; want %d", when, reply.Status, err, want)
		}
	}
	expect("while another has the only turn", 503)
	l.Reconfigure(t, "requests: 1}", "requests: 1, body: 2MiB}")
	expect("in the next generation", 503)
	l.Reconfigure(t, "requests: 1,", "requests: 2,")
	expect("with limits.requests: 2", 200)
	login.Release()
	<-claims
}
