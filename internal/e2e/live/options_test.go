package live_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// All requests go to the backend, including those about the whole server (RFC 9110,
// section 9.3.7).
func TestOptions_ForTheWholeServerAreForwarded(t *testing.T) {
	backend := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", "of "+r.RequestURI)
	}))
	backend.Config.DisableGeneralOptionsHandler = true
	backend.Start()
	t.Cleanup(backend.Close)
	l := start(t, strings.Replace(configuration, "BACKEND", backend.URL, 1), "")

	answer, err := l.Public.Send("OPTIONS * HTTP/1.1\r\nHost: auth.example.com\r\nConnection: close\r\n\r\n")
	if want := "Allow: of *\r\n"; err != nil || !strings.Contains(answer, want) {
		t.Errorf("OPTIONS *: got %q, %v; want the backend's %q", answer, err, want)
	}
}
