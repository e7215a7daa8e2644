package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy"
)

// stalling lets clients take nothing for a second.
func stalling(o *proxy.Options) { o.Timeouts.Write = time.Second }

func TestAClientThatTakesNothingIsLetGo(t *testing.T) {
	ended := make(chan struct{})
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer close(ended)
		for block := make([]byte, 64<<10); ; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}))
	defer backend.Close()
	address, err := url.Parse(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := start(t, address, setup{options: stalling})
	conn, err := net.Dial("tcp", f.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /download HTTP/1.1\r\nHost: h\r\n\r\n")
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Error("after a minute the backend still sends")
	}
}

func TestAStreamMayPauseForAsLongAsItLikes(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := range 2 {
			time.Sleep(time.Duration(i) * 2500 * time.Millisecond)
			fmt.Fprintf(w, "event %d\n", i)
			http.NewResponseController(w).Flush()
		}
	}))
	defer backend.Close()
	address, err := url.Parse(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := start(t, address, setup{options: stalling})
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("http2 %v", http2), func(t *testing.T) {
			protocols := new(http.Protocols)
			protocols.SetHTTP1(!http2)
			protocols.SetUnencryptedHTTP2(http2)
			transport := &http.Transport{Protocols: protocols}
			defer transport.CloseIdleConnections()
			response, err := (&http.Client{Transport: transport}).Get(f.URL + "/events")
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if body, err := io.ReadAll(bufio.NewReader(response.Body)); string(body) != "event 0\nevent 1\n" || err != nil {
				t.Errorf("%s: %q, %v", response.Proto, body, err)
			}
		})
	}
}

func TestAFormThatDoesNotEndIsRefusedOnAnyPath(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer backend.Close()
	address, err := url.Parse(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := start(t, address, setup{options: func(o *proxy.Options) { o.Timeouts.Response = time.Second }})
	conn, err := net.Dial("tcp", f.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /introspect HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ntoken=")
	answer, _ := io.ReadAll(conn)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") {
		t.Errorf("answered %q, want 400", answer)
	}
}
