package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/budget"
	"github.com/tokengraft/tokengraft/proxy"
)

// G7: a body is in memory, and no more than MaxBody of it.
func TestLocal_BodyIsBounded(t *testing.T) {
	chunked := func(n int) string {
		return "Transfer-Encoding: chunked\r\n\r\n" + chunk(strings.Repeat("a", n)) + chunk("")
	}
	whole := func(n int) string {
		return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", n, strings.Repeat("a", n))
	}
	f, _ := startResponding(t, noContent, withLocals(proxy.Local{Pattern: ownPath, Handler: echoing, MaxBody: 5000}))
	for _, tt := range []struct {
		name, rest string
		status     int
		keeps      bool // the connection
	}{
		{"empty", whole(0), 200, true},
		{"the largest", whole(5000), 200, true},
		{"too large", whole(5001), 413, true},
		{"much too large", whole(1 << 20), 413, false},
		{"chunks", chunked(5000), 200, false}, // law: RFC 9112, section 6.1
		{"too many chunks", chunked(5001), 413, false},
	} {
		w := f.dial(t)
		go w.send("POST " + ownPath + " HTTP/1.1\r\nHost: h\r\n" + tt.rest)
		res := w.receive("POST")
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != tt.status || res.Close == tt.keeps {
			t.Errorf("%s: got %d %.40q, close %t; want %d, close %t", tt.name, res.StatusCode, body, res.Close, tt.status, !tt.keeps)
		}
		if tt.keeps {
			w.send(get(ownPath))
			if res := w.receive("GET"); res.StatusCode != 200 {
				t.Errorf("%s: the next request got %d, want 200", tt.name, res.StatusCode)
			}
		}
		w.Close()
	}
}

// G7: the memory of a body is taken before it is read, and logins keep a part.
func TestLocal_TakesMemoryBeforeItIsSpent(t *testing.T) {
	s := withLocals(proxy.Local{Pattern: ownPath, Handler: echoing, MaxBody: 1 << 20})
	s.rules = logins(t)
	f, _ := startResponding(t, twoTokens, s)
	withMemory(f, 4<<20)
	w := f.dial(t)
	defer w.Close()
	w.send("POST " + ownPath + " HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + strings.Repeat("a", 900_000))
	waitFor(t, "the body", func() bool { return f.shared.memory.Used() > 1_000_000 })
	res, body := f.ask(t, "POST "+ownPath+" HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("a", 1_000_000))
	expectOverloaded(t, res, body)
	if res, _ := f.ask(t, login); res.StatusCode != 200 {
		t.Errorf("a login meanwhile: got %s, want 200", res.Status)
	}
}

func TestLocal_ReservesMemory(t *testing.T) {
	reserved := make(chan bool, 2)
	f, _ := startResponding(t, noContent, withLocals(proxy.Local{Pattern: ownPath, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reserved <- proxy.Reserve(r.Context(), 1<<20)
		reserved <- proxy.Reserve(r.Context(), 1<<20)
		w.WriteHeader(http.StatusNoContent)
	})}))
	withMemory(f, 2<<20) // of which a quarter is for logins
	f.ask(t, get(ownPath))
	if first, second := <-reserved, <-reserved; !first || second {
		t.Errorf("Reserve = %t, %t; want true, and false when nothing is left", first, second)
	}
}

// G7: handlers have turns of their own, and slow clients keep none.
func TestLocal_HasItsOwnTurns(t *testing.T) {
	working, next := make(chan bool), make(chan bool)
	turns := budget.NewQueue(1, 0)
	f, _ := startResponding(t, noContent, withLocals(proxy.Local{Pattern: ownPath, MaxBody: 10, Turns: turns, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > 0 {
			working <- true
			<-next
		}
		w.WriteHeader(http.StatusOK)
		if r.ContentLength > 0 {
			<-next
		}
	})}))
	withTurns(f, 1)
	slow := f.dial(t)
	defer slow.Close()
	slow.send("POST " + ownPath + " HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nsl")
	if res, _ := f.ask(t, get(ownPath)); res.StatusCode != 200 {
		t.Errorf("while a body arrives: got %s, want 200", res.Status)
	}
	slow.send("ow")
	<-working
	res, body := f.ask(t, get(ownPath))
	expectOverloaded(t, res, body)
	if n := f.overloaded(t, "access"); n != 1 {
		t.Errorf("tokengraft_overloaded_total{limit=access} = %d, want 1", n)
	}
	if res, _ := f.ask(t, get("/")); res.StatusCode != 204 {
		t.Errorf("a request to the backend meanwhile: got %s, want 204", res.Status)
	}
	next <- true
	waitFor(t, "the turn", func() bool { return turns.Used() == 0 })
	if res, _ := f.ask(t, get(ownPath)); res.StatusCode != 200 {
		t.Errorf("while a response is written: got %s, want 200", res.Status)
	}
	next <- true
}

func TestLocal_ContextEndsWithTheClientAndInTime(t *testing.T) {
	started, ended := make(chan bool), make(chan error)
	s := withLocals(proxy.Local{Pattern: ownPath, MaxBody: 10, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		started <- true
		<-r.Context().Done()
		ended <- r.Context().Err()
	})})
	f, _ := startResponding(t, noContent, s)
	w := f.dial(t)
	w.send("POST " + ownPath + " HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\na")
	<-started
	w.Close()
	if err := <-ended; err.Error() != "context canceled" {
		t.Errorf("when the client left, the context ended with %v, want it canceled", err)
	}
	s.options = shortTimeout
	f, _ = startResponding(t, noContent, s)
	w = f.dial(t)
	defer w.Close()
	w.send(get(ownPath))
	<-started
	if err := <-ended; err.Error() != "context deadline exceeded" {
		t.Errorf("after Timeouts.Response, the context ended with %v, want its deadline", err)
	}
	if res := w.receive("GET"); res.StatusCode != 500 {
		t.Errorf("a handler that does not answer: got %s, want 500", res.Status)
	}
}

func TestLocal_BodyThatIsSlowOrIncompleteIs400(t *testing.T) {
	s := withLocals(proxy.Local{Pattern: ownPath, Handler: echoing, MaxBody: 10})
	s.options = shortTimeout
	f, _ := startResponding(t, noContent, s)
	res, body := f.ask(t, "POST "+ownPath+" HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab")
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 400, "urn:tokengraft:request-broken")
}
