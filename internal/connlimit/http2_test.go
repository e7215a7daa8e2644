package connlimit_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/connlimit"
)

// http2Client returns a client that sends all its requests in one HTTP/2 connection.
func (w *world) http2Client() (client *http.Client, base string) {
	protocols := new(http.Protocols)
	protocols.SetHTTP2(w.tls != nil)
	protocols.SetUnencryptedHTTP2(w.tls == nil)
	transport := &http.Transport{Protocols: protocols, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	w.Cleanup(transport.CloseIdleConnections)
	if w.tls != nil {
		return &http.Client{Transport: transport}, "https://" + w.address
	}
	return &http.Client{Transport: transport}, "http://" + w.address
}

// get returns the protocol of a response that has status 200, or else its status.
func (w *world) get(client *http.Client, url string) string {
	response, err := client.Get(url)
	if err != nil {
		return "closed"
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK || err != nil {
		return response.Status[:3]
	}
	return string(body)
}

func TestHTTP2_RequestsCountAsConnections(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		w := start(t, connlimit.Bounds{Connections: 4, Memory: plenty}, encrypted)
		client, base := w.http2Client()
		if got := w.get(client, base+"/"); got != "HTTP/2.0" {
			t.Fatalf("encrypted %t: got %s, want HTTP/2.0", encrypted, got)
		}
		var holding sync.WaitGroup
		for range 3 {
			holding.Go(func() {
				if got := w.get(client, base+"/held"); got != "HTTP/2.0" {
					t.Errorf("encrypted %t: a request that was held got %s, want HTTP/2.0", encrypted, got)
				}
			})
		}
		for range 3 {
			<-w.held
		}
		if got := w.get(client, base+"/"); got != "503" {
			t.Errorf("encrypted %t: the fourth request at once got %s, want 503", encrypted, got)
		}
		close(w.release)
		holding.Wait()
		if got := w.get(client, base+"/"); got != "HTTP/2.0" {
			t.Errorf("encrypted %t: a request after them got %s, want HTTP/2.0", encrypted, got)
		}
		client.CloseIdleConnections()
		w.empty()
	}
}

// The answer to a refused request of a web page depends on the page. Nothing else is kept.
func TestHTTP2_RefusalKnowsTheWebPage(t *testing.T) {
	w := start(t, connlimit.Bounds{Connections: 2, Memory: plenty}, false)
	client, base := w.http2Client()
	var holding sync.WaitGroup
	holding.Go(func() { w.get(client, base+"/held") })
	<-w.held
	for origin, want := range map[string]string{
		"https://app.example.com":                   "Access-Control-Request-Method Origin",
		"https://" + strings.Repeat("a", 300) + "/": "Access-Control-Request-Method",
	} {
		request, err := http.NewRequest(http.MethodOptions, base+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header = http.Header{"Origin": {origin}, "Access-Control-Request-Method": {"POST"}, "Authorization": {"Bearer a"}}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if got := response.Header.Get("Seen"); response.StatusCode != http.StatusServiceUnavailable || got != want {
			t.Errorf("Origin %.40s: got %s, and the answer could depend on %q; want 503 and %q", origin, response.Status, got, want)
		}
	}
	close(w.release)
	holding.Wait()
}

func TestHTTP2_ConnectionIsRefusedWithoutMemory(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		w := start(t, connlimit.Bounds{Connections: 10, Memory: 3 * connlimit.Cost}, encrypted)
		client, base := w.http2Client()
		if got := w.get(client, base+"/"); got != "closed" {
			t.Errorf("encrypted %t: got %s over HTTP/2, want closed", encrypted, got)
		}
		w.want("HTTP/1", w.dial(get), "200")
	}
}

func TestPool_ResizeKeepsConnections(t *testing.T) {
	w := start(t, connlimit.Bounds{Connections: 10, Memory: plenty}, false)
	one, two := w.dial(get), w.dial(get)
	w.want("the first", one, "200")
	w.want("the second", two, "200")
	w.pool.Resize(connlimit.Bounds{Connections: 1, Memory: plenty})
	io.WriteString(two, get)
	w.want("the second again", two, "200")
	for deadline := time.Now().Add(10 * time.Second); answer(w.dial(get)) != "200"; { // until the second waits again
		if time.Now().After(deadline) {
			t.Fatal("a new one is refused, want 200")
		}
	}
	w.want("the first, which made room", one, "closed")
}

// The response could not be sent. So the backend must not get the request, which could
// use up a refresh token.
func TestPool_ServesNoRequestInAConnectionThatItClosed(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		w := start(t, connlimit.Bounds{Connections: 2, Memory: plenty}, encrypted)
		client, base := w.http2Client()
		if got := w.get(client, base+"/"); got != "HTTP/2.0" {
			t.Fatalf("encrypted %t: got %s, want HTTP/2.0", encrypted, got)
		}
		ended := make(chan struct{})
		var late atomic.Pointer[net.Conn]
		hook := func(c net.Conn, state http.ConnState) {
			switch {
			case state == http.StateActive && late.CompareAndSwap(nil, &c):
				w.want("a connection", w.dial(get), "200")
				w.want("another, for which the one of HTTP/2 is closed", w.dial(get), "200")
			case state == http.StateIdle && late.Load() != nil && *late.Load() == c: // the request has ended
				close(ended)
			}
		}
		w.states.Store(&hook)
		if response, err := client.Post(base+"/", "", http.NoBody); err == nil { // the client does not repeat a POST
			response.Body.Close()
			t.Errorf("encrypted %t: got %s, want a closed connection", encrypted, response.Status)
		}
		<-ended
		if got := w.served.Load(); got != 3 {
			t.Errorf("encrypted %t: %d requests were served, want 3: not the one whose connection was closed", encrypted, got)
		}
	}
}
