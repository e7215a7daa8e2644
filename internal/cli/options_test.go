package cli

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Everything goes to the backend, what concerns the whole server too (RFC 9110,
// section 9.3.7).
func TestOptionsOfTheWholeServerGoToTheBackend(t *testing.T) {
	backend := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", "of "+r.RequestURI)
	}))
	backend.Config.DisableGeneralOptionsHandler = true
	backend.Start()
	t.Cleanup(backend.Close)
	l := startLive(t, strings.Replace(liveConfig, "BACKEND", backend.URL, 1))

	c, err := net.Dial("tcp", strings.TrimPrefix(l.public, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "OPTIONS * HTTP/1.1\r\nHost: auth.example.com\r\nConnection: close\r\n\r\n")
	answer, err := io.ReadAll(c)
	if want := "Allow: of *\r\n"; err != nil || !strings.Contains(string(answer), want) {
		t.Errorf("answer %q, %v; want the backend's %q", answer, err, want)
	}
}
