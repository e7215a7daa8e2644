package proxy_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// Contract: "backend unreachable 502".
func TestBackend_Is502IfItIsNotRunning(t *testing.T) {
	const address = "127.0.0.1:1" // a port that the system gives to no program
	f := start(t, &url.URL{Scheme: "http", Host: address}, setup{})
	res, body := f.ask(t, login)
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 502, "urn:tokengraft:backend-unreachable")
	if strings.Contains(body, address) {
		t.Errorf("body = %q, want it without the private address of the backend", body)
	}
	if log := f.log.String(); !strings.Contains(log, `"advice":"Check that the backend is running`) {
		t.Errorf("log:\n%s\nwant the advice to check that the backend is running", log)
	}
}

// A response that is not valid HTTP may contain tokens, so it must not be logged.
func TestBackend_Is502AndNotQuotedIfItsResponseIsInvalid(t *testing.T) {
	tests := []struct{ name, text string }{
		{"status line", "eyJsecret.b.c\r\n\r\n"},
		{"header line", "HTTP/1.1 200 OK\r\neyJsecret.b.c\r\n\r\n"},
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: eyJsecret.b.c\r\n\r\n"},
		{"coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: eyJsecret.b.c\r\n\r\n"},
		{"empty", ""},
		{"incomplete body of a matched response", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\neyJsecret.b.c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			backend := proxytest.Start(t, func(r *proxytest.Request) {
				r.Send(tt.text)
				r.Close()
			})
			f := start(t, backend.URL, setup{rules: logins(t)})
			res, body := f.ask(t, login)
			expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 502, "urn:tokengraft:backend-unreachable")
			if log := f.log.String(); strings.Contains(log, "eyJsecret") || !strings.Contains(log, "backend did not answer") {
				t.Errorf("log:\n%s\nwant \"backend did not answer\" and no token", log)
			}
		})
	}
}

// An incomplete body must not look complete to the client.
func TestBackend_IncompleteBodyStaysIncomplete(t *testing.T) {
	for _, head := range []string{"Content-Length: 100\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n5\r\n"} {
		backend := proxytest.Start(t, func(r *proxytest.Request) {
			r.Send("HTTP/1.1 200 OK\r\n" + head + "abc")
			r.Close()
		})
		f := start(t, backend.URL, setup{})
		w := f.dial(t)
		w.send(login)
		res := w.receive("POST")
		if body, err := io.ReadAll(res.Body); err == nil {
			t.Errorf("%q: the client read the complete body %q, want an error", head, body)
		}
	}
}

func shortTimeout(o *proxy.Options) { o.Timeouts.Response = 100 * time.Millisecond }

// Contract: "timed out 504"; G3: "the whole response of matched rules".
func TestTimeout_Is504IfAMatchedResponseHangs(t *testing.T) {
	for _, sent := range []string{"", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"} {
		backend := proxytest.Start(t, func(r *proxytest.Request) {
			r.Send(sent)
			r.WaitClosed()
		})
		f := start(t, backend.URL, setup{rules: logins(t), options: shortTimeout})
		res, body := f.ask(t, login)
		expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 504, "urn:tokengraft:backend-timeout")
		if log := f.log.String(); !strings.Contains(log, "Raise timeouts.response") {
			t.Errorf("log:\n%s\nwant the advice to raise timeouts.response", log)
		}
	}
}

// G3: the proxy waits for other responses as long as the client does.
func TestTimeout_DoesNotApplyToUnmatchedResponses(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		time.Sleep(200 * time.Millisecond) // twice timeouts.response
		r.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
		time.Sleep(200 * time.Millisecond)
		r.Send("ok")
	})
	f := start(t, backend.URL, setup{options: shortTimeout})
	if res, body := f.ask(t, login); res.StatusCode != 200 || body != "ok" {
		t.Errorf("got %d %q, want 200 \"ok\"", res.StatusCode, body)
	}
}

// Contract: "headers too large 431".
func TestLimits_Is431IfTheRequestHeaderIsTooLarge(t *testing.T) {
	f, backend := startResponding(t, noContent, setup{options: func(o *proxy.Options) { o.Limits.Headers = 1000 }})
	res, body := f.ask(t, request("GET", "/", []string{"Cookie: " + strings.Repeat("x", 1000)}, ""))
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 431, "urn:tokengraft:headers-too-large")
	if n := len(backend.Requests()); n != 0 {
		t.Errorf("the backend got %d requests, want 0", n)
	}
	if res, _ := f.ask(t, request("GET", "/", []string{"Cookie: " + strings.Repeat("x", 800)}, "")); res.StatusCode != 204 {
		t.Errorf("a header within the limit: got %d, want 204", res.StatusCode)
	}
}

func TestRequestBody_IncompleteFormDoesNotReachTheBackend(t *testing.T) {
	f, backend := startResponding(t, noContent, setup{})
	w := f.dial(t)
	w.send("POST /token HTTP/1.1\r\nHost: h\r\n" + form + "\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
	res := w.receive("POST")
	body, _ := io.ReadAll(res.Body)
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), string(body), 400, "urn:tokengraft:request-broken")
	if n := len(backend.Requests()); n != 0 {
		t.Errorf("the backend got %d requests, want 0", n)
	}
}

// panicking is an Enricher that panics.
type panicking struct{ proxy.Enricher }

func (panicking) Enrich(context.Context, enrich.Grant) []enrich.Outcome { panic("of token a.b.c") }

func TestPanic_Is500AndTheProxyKeepsServing(t *testing.T) {
	s := newFakeEnricher(enrich.OK).use(rule(t, "POST /login", "json:access_token"))
	s.snapshot = func(snapshot *proxy.Snapshot) { snapshot.Enricher = panicking{snapshot.Enricher} }
	f, _ := startResponding(t, twoTokens, s)
	res, body := f.ask(t, login)
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 500, "urn:tokengraft:internal")
	if log := f.log.String(); strings.Contains(log, "a.b.c") || !strings.Contains(log, "panic") {
		t.Errorf("log:\n%s\nwant \"panic\" and no token", log)
	}
	if res, _ := f.ask(t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); res.StatusCode != 200 {
		t.Errorf("the next request got %d, want 200", res.StatusCode)
	}
}

func TestClientGone_BeforeTheResponseCancelsTheRequest(t *testing.T) {
	asked, canceled := make(chan bool), make(chan bool)
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		close(asked)
		r.WaitClosed()
		close(canceled)
	})
	f := start(t, backend.URL, setup{rules: logins(t)})
	w := f.dial(t)
	w.send(login)
	<-asked
	w.Close()
	<-canceled
	waitFor(t, "a 499 in the access log", func() bool { return strings.Contains(f.log.String(), `"status":499`) })
}

// To the proxy, a client that has only closed its sending side looks like one that is
// gone. It must not get an empty 200.
func TestClientGone_GetsNoResponseIfItOnlyStoppedSending(t *testing.T) {
	asked := make(chan bool)
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		close(asked)
		r.WaitClosed()
	})
	f := start(t, backend.URL, setup{})
	w := f.dial(t)
	w.send(login)
	<-asked
	w.Conn.(*net.TCPConn).CloseWrite()
	if res, err := http.ReadResponse(w.in, nil); err == nil {
		t.Errorf("got %s, want no response", res.Status)
	}
}

// A6: after the backend has answered, the enrichment finishes.
func TestClientGone_AfterTheResponseDoesNotStopTheEnrichment(t *testing.T) {
	lookup, gone, asked := make(chan bool), make(chan bool), make(chan context.Context, 1)
	source := sourceFunc(func(ctx context.Context, q enrich.Query) (enrich.Document, error) {
		close(lookup)
		<-gone
		if err := ctx.Err(); err != nil {
			return enrich.Document{}, err
		}
		return english(ctx, q)
	})
	f, _ := startIssuing(t, setup{
		rules: logins(t), source: source,
		onRequest: func(r *http.Request) { asked <- r.Context() },
	}, loginResponse)
	w := f.dial(t)
	w.send(login)
	<-lookup
	w.Close()
	<-(<-asked).Done() // the server has noticed that the client is gone
	close(gone)
	waitFor(t, "the enriched token in the metrics", func() bool { return f.reason(t, enrich.OK) == 1 })
}

func TestClientGone_WhileTheBodyArrivesIsCountedCanceled(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.Send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
		r.WaitClosed()
	})
	s, answered := reportAnswered(setup{rules: logins(t)})
	f := start(t, backend.URL, s)
	w := f.dial(t)
	w.send(login)
	<-answered // a client that is gone earlier is not counted
	w.Close()
	waitFor(t, "a canceled token in the metrics", func() bool { return f.reason(t, enrich.Canceled) == 1 })
}

// The client gets the error, and the log does not blame the backend.
func TestRequestBody_InvalidChunksAre400(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) { r.WaitClosed() })
	f := start(t, backend.URL, setup{})
	res, body := f.ask(t, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n")
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 400, "urn:tokengraft:request-broken")
	if strings.Contains(f.log.String(), "backend did not answer") {
		t.Errorf("log:\n%s\nwant it without \"backend did not answer\"", f.log.String())
	}
}

func TestLimits_Is502IfTheResponseHeaderIsTooLarge(t *testing.T) {
	f, _ := startResponding(t, "HTTP/1.1 204 No Content\r\nX: "+strings.Repeat("x", 5000)+"\r\n\r\n", setup{options: func(o *proxy.Options) { o.Limits.Headers = 4000 }})
	res, body := f.ask(t, login)
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 502, "urn:tokengraft:backend-unreachable")
}

// waitLonger waits twice as long as timeouts.response with an option.
func waitLonger(option func(*proxy.Options)) {
	var o proxy.Options
	option(&o)
	time.Sleep(2 * o.Timeouts.Response)
}

func TestFailure_SaysThatTheBackendDoesNotSpeakTLS(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	f := start(t, &url.URL{Scheme: "https", Host: plain.Listener.Addr().String()}, setup{})
	if res, _ := f.ask(t, login); res.StatusCode != http.StatusBadGateway {
		t.Errorf("status = %d, want 502", res.StatusCode)
	}
	if log, want := f.log.String(), "write http:// in the setting backend"; !strings.Contains(log, want) {
		t.Errorf("log:\n%s\nwant %q", log, want)
	}
}
