package proxy_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zlib"
	"go.opentelemetry.io/otel/attribute"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/budget"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// withMemory gives the proxy this much memory, in bytes.
func withMemory(f *fixture, n int64) *fixture {
	f.shared.memory.Resize(n)
	return f
}

func withTurns(f *fixture, n int64) *fixture {
	f.shared.turns.Resize(n, 100)
	return f
}

func (f *fixture) overloaded(t *testing.T, limit string) int64 {
	return f.counted(t, "tokengraft.overloaded", attribute.String("limit", limit))
}

// expectOverloaded checks that a response is the problem, and may be repeated.
func expectOverloaded(t *testing.T, res *http.Response, body string) {
	t.Helper()
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 503, "urn:tokengraft:overloaded")
	if res.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After = %q, want 1", res.Header.Get("Retry-After"))
	}
}

// G7: bodies that arrive slowly use up the part for large buffers. Another large body is
// refused before the backend gets its request; a login still works.
func TestMemory_LargeBodiesLeaveAPartToSmallOnes(t *testing.T) {
	f, backend := startResponding(t, twoTokens, setup{rules: logins(t)})
	withMemory(f, 4<<20)
	slow := "POST /any HTTP/1.1\r\nHost: h\r\n" + form + "\r\nContent-Length: 1000000\r\n\r\n" + strings.Repeat("a", 900_000)
	for senders := range int64(2) {
		w := f.dial(t)
		w.send(slow)
		defer w.Close()
		// While a buffer grows, its old and its new bytes are both taken.
		waitFor(t, "the body", func() bool {
			each := f.shared.memory.Used() / (senders + 1)
			return 1_060_000 < each && each < 1_090_000
		})
	}
	res, body := f.ask(t, slow)
	expectOverloaded(t, res, body)
	if n := len(backend.Requests()); n != 0 {
		t.Errorf("the backend got %d requests, want none", n)
	}
	if res, _ := f.ask(t, login); res.StatusCode != 200 {
		t.Errorf("a login meanwhile: got %s, want 200", res.Status)
	}
	if n := f.overloaded(t, "memory"); n != 1 {
		t.Errorf("tokengraft_overloaded_total{limit=memory} = %d, want 1", n)
	}
	if log := f.log.String(); !strings.Contains(log, `"limit":"memory","count":1,"advice":"`) {
		t.Errorf("log:\n%s\nwant a warning with advice", log)
	}
}

// G7: streams at paths of no rule use up the part for large buffers only. A login
// still works.
func TestMemory_StreamsLeaveAPartToLogins(t *testing.T) {
	ended := make(chan bool)
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		if target(r) == "/events" {
			r.Send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
			<-ended
			return
		}
		r.Send(twoTokens)
	})
	f := withMemory(start(t, backend.URL, setup{rules: logins(t)}), 800_000)
	defer close(ended)
	const events = "GET /events HTTP/1.1\r\nHost: h\r\n\r\n"
	for i := range 9 {
		f.dial(t).send(events)
		waitFor(t, "a stream", func() bool { return len(backend.Requests()) == i+1 })
	}
	res, body := f.ask(t, events)
	expectOverloaded(t, res, body)
	if res, body := f.ask(t, login); res.StatusCode != 200 {
		t.Errorf("a login meanwhile: got %s %s, want 200", res.Status, body)
	}
}

// G7: a request for which no memory is left does not reach the backend, with a body or
// without.
func TestMemory_RefusesRequestsWithoutABody(t *testing.T) {
	f, backend := startResponding(t, noContent, setup{})
	withMemory(f, 10_000)
	res, body := f.ask(t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	expectOverloaded(t, res, body)
	if res, _ := f.ask(t, "GET /.well-known/jwks.json HTTP/1.1\r\nHost: h\r\n\r\n"); res.StatusCode != 200 {
		t.Errorf("the keys: got %s, want 200, because verifiers need them", res.Status)
	}
	if n := len(backend.Requests()); n != 0 {
		t.Errorf("the backend got %d requests, want none", n)
	}
}

// Only announcing a large body takes no memory.
func TestMemory_IsTakenAsTheBodyArrives(t *testing.T) {
	f, _ := startResponding(t, noContent, setup{})
	w := f.dial(t)
	w.send("POST / HTTP/1.1\r\nHost: h\r\n" + form + "\r\nContent-Length: 1000000\r\n\r\na=b")
	waitFor(t, "the request", func() bool { return f.shared.memory.Used() > 0 })
	if used := f.shared.memory.Used(); used > 100_000 {
		t.Errorf("after 3 of 1000000 bytes: %d bytes taken, want less than 100000", used)
	}
}

// While the backend works, the body that it got takes no memory any more.
func TestMemory_IsReturnedWhenTheBodyWasForwarded(t *testing.T) {
	got, respond := make(chan bool), make(chan bool)
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.ReadBody()
		got <- true
		<-respond
		r.Send(noContent)
	})
	f := start(t, backend.URL, setup{})
	defer close(respond)
	for _, framing := range []string{
		fmt.Sprintf("Content-Length: 1000000\r\n\r\n%s", strings.Repeat("a", 1_000_000)),
		fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n1e8480\r\n%s\r\n0\r\n\r\n", strings.Repeat("a", 2_000_000)), // over the limit
	} {
		before := f.shared.memory.Used()
		f.dial(t).send("POST / HTTP/1.1\r\nHost: h\r\n" + form + "\r\n" + framing)
		<-got
		waitFor(t, "the memory", func() bool { return f.shared.memory.Used() < before+100_000 })
	}
}

// Law G3: senders that are too slow do not keep memory for the whole of
// timeouts.response.
func TestRequestBody_MustArriveSteadily(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: takes ten seconds; without -short it runs")
	}
	t.Parallel()
	f, _ := startResponding(t, noContent, setup{options: func(o *proxy.Options) { o.Timeouts.Response = time.Minute }})
	began := time.Now()
	res, _ := f.ask(t, "POST /any HTTP/1.1\r\nHost: h\r\n"+form+"\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("a", 500_000))
	if took := time.Since(began); res.StatusCode != 400 || took > 40*time.Second { // less than timeouts.response, on a busy machine too
		t.Errorf("got %s after %s, want 400 after about 10 s", res.Status, took)
	}
}

// largeResponse is a response with tokens for which a request has no memory yet.
var largeResponse = answer("HTTP/1.1 200 OK\r\nContent-Type: application/json", `{"access_token":"a.b.c","more":"`+strings.Repeat("x", 100_000)+`"}`)

// A large response waits for memory that is kept for responses. If it gets none, the
// policy decides.
func TestMemory_LargeResponsesWait(t *testing.T) {
	for _, test := range []struct {
		policy enrich.Policy
		status int
	}{{enrich.Pass, 200}, {enrich.Refuse, 503}} {
		t.Run(test.policy.String(), func(t *testing.T) {
			rules := logins(t)
			rules[0].OnFailure = test.policy
			f, _ := startResponding(t, largeResponse, setup{rules: rules, options: func(o *proxy.Options) { o.Timeouts.Response = 2 * time.Second }})
			f.shared.responses.Resize(1, 100)
			if err := f.shared.responses.Acquire(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			res, body := f.ask(t, login)
			if res.StatusCode != test.status || test.status == 200 && len(body) < 100_000 || res.Header.Get("Retry-After") != "" {
				t.Errorf("without memory: got %s, %d bytes, Retry-After %q; want %d, and no Retry-After", res.Status, len(body), res.Header.Get("Retry-After"), test.status)
			}
			if n := f.reason(t, enrich.Unavailable); n != 1 {
				t.Errorf("the reason unavailable was counted %d times, want 1", n)
			}
			f.shared.responses.Release(1)
			f.ask(t, login)
			if n := f.reason(t, enrich.Unavailable); n != 1 {
				t.Errorf("with memory: the reason unavailable was counted %d times, want 1", n)
			}
		})
	}
}

// A client that does not read a large response keeps only the memory of its body.
func TestMemory_SlowClientsKeepOnlyTheBody(t *testing.T) {
	f, _ := startResponding(t, answer("HTTP/1.1 200 OK\r\nContent-Type: application/json", `{"access_token":"`+strings.Repeat("x", 20_000_000)+`"}`), setup{rules: logins(t), options: func(o *proxy.Options) { o.Limits.Body = 32 << 20 }})
	w := f.dial(t)
	w.send(login)
	waitFor(t, "the response", func() bool { return f.shared.responses.Used() > 0 && f.shared.turns.Used() == 0 })
	if used := f.shared.responses.Used(); used > 40_000_100 {
		t.Errorf("%d bytes are taken, want at most two bodies", used)
	}
	w.Close()
}

// Only the start of a response over limits.body is held. A client that has read that part,
// and then reads slowly, does not keep other large responses waiting.
func TestMemory_OfAResponseOverTheLimitIsReturnedWithItsStart(t *testing.T) {
	huge := answer("HTTP/1.1 200 OK\r\nContent-Type: application/json", `{"access_token":"`+strings.Repeat("x", 64<<20)+`"}`)
	f, _ := startResponding(t, huge, setup{rules: logins(t), options: func(o *proxy.Options) { o.Limits.Body = 1 << 20 }})
	w := f.dial(t)
	w.send(login)
	if _, err := io.CopyN(io.Discard, w, 2<<20); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the share of the response", func() bool { return f.shared.responses.Used() == 0 })
	if f.shared.memory.Used() == 0 {
		t.Error("the response has ended, want that the client still has to read most of it")
	}
	w.Close()
}

// In shadow mode a copy of a response takes memory. Without memory there is no copy, and
// the client gets its response.
func TestMemory_ShadowObservesWithinIt(t *testing.T) {
	f, _ := startResponding(t, largeResponse, setup{rules: logins(t), snapshot: func(s *proxy.Snapshot) { s.Shadow = true }})
	withMemory(f, 200_000)
	if res, body := f.ask(t, login); res.StatusCode != 200 || len(body) < 100_000 {
		t.Errorf("got %s with %d bytes, want the response", res.Status, len(body))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f.proxy.Run(ctx)
	if log := f.log.String(); !strings.Contains(log, `"missed":1`) {
		t.Errorf("log:\n%s\nwant one missed response", log)
	}
}

// Without the options nothing is bounded.
func TestMemory_IsNotBoundedByDefault(t *testing.T) {
	f, _ := startResponding(t, twoTokens, setup{rules: logins(t), options: func(o *proxy.Options) { o.Memory, o.Responses, o.Turns = nil, nil, nil }})
	if res, _ := f.ask(t, login); res.StatusCode != 200 {
		t.Errorf("got %s, want 200", res.Status)
	}
}

// Two proxies, such as those of two generations, share what they are given.
func TestMemory_IsSharedByProxies(t *testing.T) {
	memory := budget.New(300_000)
	f, _, respond := startHolding(t, setup{options: func(o *proxy.Options) { o.Memory = memory }})
	for range 3 {
		f.dial(t).send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	}
	waitFor(t, "three requests", func() bool { return memory.Used() > 3*64<<10 })
	other, _ := startResponding(t, noContent, setup{options: func(o *proxy.Options) { o.Memory = memory }})
	memory.Resize(memory.Used())
	res, body := other.ask(t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	expectOverloaded(t, res, body)
	for range 3 {
		respond <- true
	}
	waitFor(t, "the memory", func() bool { return memory.Used() == 0 })
}

func target(r *proxytest.Request) string { return strings.Fields(r.Line)[1] }

// The memory of a decoder is held only while it works, not while the document is read.
func TestMemory_OfDecodersIsReturnedBeforeTheLookup(t *testing.T) {
	looking, look := make(chan bool, 1), make(chan bool, 1)
	source := sourceFunc(func(ctx context.Context, q enrich.Query) (enrich.Document, error) {
		looking <- true
		<-look
		return english(ctx, q)
	})
	var f *fixture
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		var packed bytes.Buffer
		w := zlib.NewWriter(&packed)
		fmt.Fprintf(w, `{"access_token":%q}`, f.token(""))
		w.Close()
		r.Send(answer("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: deflate", packed.String()))
	})
	f = start(t, backend.URL, setup{rules: logins(t), source: source})
	f.dial(t).send(login)
	waitFor(t, "the lookup", func() bool { return len(looking) == 1 })
	if used := f.shared.responses.Used(); used == 0 || used > 64<<10 {
		t.Errorf("during the lookup %d bytes are taken for the response, want less than 64 KiB", used)
	}
	look <- true
	waitFor(t, "the response", func() bool { return f.reason(t, enrich.OK) == 1 })
}
