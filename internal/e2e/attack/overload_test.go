package attack_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// An overloadRow is more requests at the same time than the sidecar serves. Those over
// the limit must get 503 before the backend is asked. Meanwhile a user must be able to
// log in, unless the requests wait at the backend.
type overloadRow struct {
	sends       string // %d is the number of connections
	short, full int
	limits      string
	request     string // of each connection
	passes      bool   // a login meanwhile
}

var overload = kind{"overload", "G7"}

const slowForm = "POST /any HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000000\r\n\r\n"

// The first two have fewer connections than fit into limits.memory, so that the memory for
// bodies is the limit that is reached.
var overloadRows = []overloadRow{
	{"%d forms of 1 MB to a path without a rule, of which the last byte does not come, with limits.memory: 16MiB", 40, 200,
		"limits: {memory: 16MiB}", slowForm + strings.Repeat("a", 999_999), true},
	{"%d such bodies of a login, without their second half", 40, 200,
		"limits: {memory: 16MiB}", strings.ReplaceAll(slowForm, "/any", "/login") + strings.Repeat("a", 500_000), true},
	{"%d requests that wait for the backend, with limits.requests: 10", 30, 300,
		"limits: {requests: 10}", "GET /held HTTP/1.1\r\nHost: h\r\n\r\n", false},
}

// attackWithOverload checks that the sidecar refuses what is too much, before it costs
// anything.
func (s *suite) attackWithOverload(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	for _, row := range overloadRows {
		n := size(row.short, row.full)
		s.run(t, overload, fmt.Sprintf(row.sends, n), func(t *testing.T) (happens string) {
			backend := startBackend(t, issuer)
			tg := s.start(t, usual(backend.URL)+row.limits+"\n", "["+annas+"]")
			return row.run(t, n, tg, backend, issuer.Token(claimsOf(quoted(anna), "")))
		})
	}
	s.run(t, longPath, "a path of 60,000 bytes", func(t *testing.T) (happens string) {
		return s.logPath(t, startBackend(t, issuer))
	})
}

func (row overloadRow) run(t *testing.T, n int, tg *target, backend *e2e.Backend, original string) (happens string) {
	tg.issue(t, original) // the keys are fetched now
	backend.Take()
	hold := backend.Hold("/held")
	conns := make([]net.Conn, n)
	var answers sync.WaitGroup
	var mu sync.Mutex
	statuses := map[string]int{}
	for i := range conns {
		conn, err := tg.Public.Dial()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns[i] = conn
		answers.Go(func() {
			status := statusOf(conn, row.request)
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	e2e.Eventually(t, "some are refused", func() bool { return refusals(tg.Metrics(t)) > 0 })
	took := "not tried"
	if row.passes {
		began := time.Now()
		if tg.issue(t, original) == original {
			t.Error("a login meanwhile: got the original token, want it enriched")
		}
		took = time.Since(began).Round(10 * time.Millisecond).String()
		backend.Take()
	}
	time.AfterFunc(2*time.Second, hold.Release)
	answers.Wait()
	if statuses["503"] == 0 || statuses["503"]+statuses["204"]+statuses["400"]+statuses["200"] != n {
		t.Errorf("%d connections got %v, want some 503 and no failure", n, statuses)
	}
	if forwarded := row.forwarded(backend); forwarded != statuses["200"] {
		t.Errorf("the backend got %d requests, want %d: none of those that were refused", forwarded, statuses["200"])
	}
	return fmt.Sprintf("%v; the backend gets none of the refused; a login meanwhile: %s", statuses, took)
}

// forwarded returns how many of the row's requests the backend got.
func (row overloadRow) forwarded(backend *e2e.Backend) (n int) {
	path := strings.Fields(row.request)[1]
	for _, request := range backend.Take() {
		if strings.Contains(request.Line, path) {
			n++
		}
	}
	return n
}

// refusals returns how much was refused at a limit.
func refusals(m e2e.Metrics) (n int) {
	for name, value := range m {
		if strings.HasPrefix(name, "tokengraft_overloaded_total{") {
			n += int(value)
		}
	}
	return n
}

// statusOf sends a request and returns the status of the response, without closing the
// connection first.
func statusOf(conn net.Conn, request string) string {
	conn.SetDeadline(time.Now().Add(time.Minute))
	go conn.Write([]byte(request))
	head := make([]byte, len("HTTP/1.1 200"))
	if n, err := conn.Read(head); n < len(head) {
		return fmt.Sprint(err)
	}
	return string(head[9:])
}

var longPath = kind{"long lines in the log", "G7"}

// logPath requests a long path, and checks how long the line of the access log is.
func (s *suite) logPath(t *testing.T, backend *e2e.Backend) (happens string) {
	const longest = 2 << 10
	lines := make(chan int, 100)
	sidecar := e2e.Start(t, e2e.Options{Configuration: usual(backend.URL), Documents: "[" + annas + "]", Log: func(line []byte) {
		s.lookAtLog(line)
		if strings.Contains(string(line), `"msg":"request"`) {
			lines <- len(line)
		}
	}})
	reply, err := sidecar.Public.Try(http.MethodGet, "/"+strings.Repeat("long/", 12_000), "")
	if err != nil {
		t.Fatal(err)
	}
	length := <-lines
	if length > longest {
		t.Errorf("the line of the access log has %d bytes, want at most %d", length, longest)
	}
	return fmt.Sprintf("%d; the line of the access log has %d bytes", reply.Status, length)
}
