package proxy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// startHolding starts a backend that answers a request when respond gets a value. got
// has the paths of the requests.
func startHolding(t *testing.T, s setup) (f *fixture, got chan string, respond chan bool) {
	got, respond = make(chan string, 10), make(chan bool, 10)
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		got <- target(r)
		<-respond
		r.Send(noContent)
	})
	return start(t, backend.URL, s), got, respond
}

// G7: a request waits for its turn, and gets 503 after a second, before the backend is
// asked.
func TestTurns_LimitRequestsAtTheBackend(t *testing.T) {
	f, got, respond := startHolding(t, setup{})
	withTurns(f, 1)
	first := f.dial(t)
	first.send("GET /first HTTP/1.1\r\nHost: h\r\n\r\n")
	<-got
	began := time.Now()
	res, body := f.ask(t, "GET /refused HTTP/1.1\r\nHost: h\r\n\r\n")
	expectOverloaded(t, res, body)
	if took := time.Since(began); took < time.Second || took > 8*time.Second { // before timeouts.response, on a busy machine too
		t.Errorf("refused after %s, want about 1 s", took)
	}
	if n := f.overloaded(t, "requests"); n != 1 {
		t.Errorf("tokengraft_overloaded_total{limit=requests} = %d, want 1", n)
	}
	waiting := f.dial(t)
	waiting.send("GET /waiting HTTP/1.1\r\nHost: h\r\n\r\n")
	respond <- true
	respond <- true
	if res := first.receive("GET"); res.StatusCode != 204 {
		t.Errorf("the first request: got %s, want 204", res.Status)
	}
	if res := waiting.receive("GET"); res.StatusCode != 204 {
		t.Errorf("the request that waited: got %s, want 204", res.Status)
	}
	if path := <-got; path != "/waiting" {
		t.Errorf("the backend got %s, want /waiting only", path)
	}
}

// A client that goes away while it waits leaves the queue.
func TestTurns_ClientGoneWhileWaiting(t *testing.T) {
	f, got, respond := startHolding(t, setup{})
	withTurns(f, 1)
	f.dial(t).send("GET /first HTTP/1.1\r\nHost: h\r\n\r\n")
	<-got
	gone := f.dial(t)
	gone.send("GET /gone HTTP/1.1\r\nHost: h\r\n\r\n")
	waitFor(t, "the request", func() bool { return f.shared.memory.Used() > 100_000 })
	gone.Close()
	waitFor(t, "the access log", func() bool { return strings.Contains(f.log.String(), `"status":499`) })
	respond <- true
	waitFor(t, "the end of the first request", func() bool { return f.shared.used() == [3]int64{} })
	if len(got) > 0 {
		t.Errorf("the backend got %s, want no other request", <-got)
	}
}

// Streams, upgraded connections, slow uploads and clients that read slowly leave their
// turn to others.
func TestTurns_AreNotKeptByStreams(t *testing.T) {
	ended := make(chan bool)
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		switch target(r) {
		case "/events":
			r.Send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
			<-ended
		case "/ws":
			r.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
			r.WaitClosed()
		case "/upload":
			r.ReadBody()
		default:
			r.Send(noContent)
		}
	})
	f := start(t, backend.URL, setup{})
	defer close(ended)
	withTurns(f, 1)
	for i, stream := range []string{
		"GET /events HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
		"POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nslow",
	} {
		f.dial(t).send(stream)
		path := strings.Fields(stream)[1]
		waitFor(t, path, func() bool { return len(backend.Requests()) == 2*i+1 && f.shared.turns.Used() == 0 })
		if res, body := f.ask(t, "GET /other HTTP/1.1\r\nHost: h\r\n\r\n"); res.StatusCode != 204 {
			t.Errorf("during %s another request got %s %s, want 204", path, res.Status, body)
		}
	}
	if used := f.shared.memory.Used(); used < 3*64<<10 {
		t.Errorf("the streams have taken %d bytes, want at least 64 KiB each", used)
	}
}
