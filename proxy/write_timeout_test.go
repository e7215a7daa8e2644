package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy"
)

// startWithWriteTimeout starts a proxy that waits one second for a client that reads
// nothing.
func startWithWriteTimeout(t *testing.T, backend http.HandlerFunc) *fixture {
	server := httptest.NewServer(backend)
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, address, setup{options: func(o *proxy.Options) { o.Timeouts.Write = time.Second }})
}

func TestWriteTimeout_DisconnectsAClientThatReadsNothing(t *testing.T) {
	ended := make(chan struct{})
	f := startWithWriteTimeout(t, func(w http.ResponseWriter, _ *http.Request) {
		defer close(ended)
		for block := make([]byte, 64<<10); ; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	f.dial(t).send("GET /download HTTP/1.1\r\nHost: h\r\n\r\n")
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Error("the backend was still sending after 1 minute, want the connection closed after about 1 second")
	}
}

func TestWriteTimeout_DoesNotEndAStreamThatPauses(t *testing.T) {
	f := startWithWriteTimeout(t, func(w http.ResponseWriter, _ *http.Request) {
		for i := range 2 {
			time.Sleep(time.Duration(i) * 2500 * time.Millisecond)
			fmt.Fprintf(w, "event %d\n", i)
			http.NewResponseController(w).Flush()
		}
	})
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprintf("http2 %v", http2), func(t *testing.T) {
			t.Parallel()
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
				t.Errorf("%s: body = %q, %v; want both events", response.Proto, body, err)
			}
		})
	}
}

// The deadline of a response stays on its connection. It must not end a 100 Continue or an
// early response of a later request.
func TestWriteTimeout_DoesNotEndALaterRequest(t *testing.T) {
	f := startWithWriteTimeout(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(1500 * time.Millisecond)
		if r.URL.Path == "/hints" {
			w.WriteHeader(http.StatusEarlyHints)
		}
		io.Copy(io.Discard, r.Body)
	})
	w := f.dial(t)
	for range 2 {
		w.send("GET /hints HTTP/1.1\r\nHost: h\r\n\r\n")
		for _, want := range []int{http.StatusEarlyHints, http.StatusOK} {
			if res := w.receive("GET"); res.StatusCode != want {
				t.Fatalf("got %s, want %d", res.Status, want)
			}
		}
		w.send("POST /upload HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
		if res := w.receive("POST"); res.StatusCode != http.StatusContinue {
			t.Fatalf("got %s, want 100", res.Status)
		}
		w.send("x")
		res := w.receive("POST")
		for res.StatusCode == http.StatusContinue { // that of the backend
			res = w.receive("POST")
		}
		if res.StatusCode != http.StatusOK {
			t.Fatalf("got %s, want 200", res.Status)
		}
	}
}

func TestTimeout_Is400IfAFormDoesNotArriveOnAnyPath(t *testing.T) {
	f, _ := startResponding(t, noContent, setup{options: func(o *proxy.Options) { o.Timeouts.Response = time.Second }})
	res, _ := f.ask(t, "POST /introspect HTTP/1.1\r\nHost: h\r\n"+form+"\r\nContent-Length: 100\r\n\r\ntoken=")
	if res.StatusCode != 400 {
		t.Errorf("got %s, want 400", res.Status)
	}
}
