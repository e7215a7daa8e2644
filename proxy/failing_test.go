package proxy_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// Contract: "backend unreachable 502".
func TestBackend_ThatIsNotThereIs502(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	f := start(t, &url.URL{Scheme: "http", Host: listener.Addr().String()}, setup{})
	res, body := f.ask(t, login)
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 502, "urn:tokengraft:backend-unreachable")
	if strings.Contains(body, listener.Addr().String()) {
		t.Errorf("the client is told of the inside: %q", body)
	}
}

// Contract, and rule 9: what a backend sends that is no HTTP may have tokens in
// it, and is logged nowhere.
func TestBackend_ThatSpeaksNoHTTPIs502AndNotQuoted(t *testing.T) {
	tests := []struct{ name, text string }{
		{"status line", "eyJsecret.b.c\r\n\r\n"},
		{"header line", "HTTP/1.1 200 OK\r\neyJsecret.b.c\r\n\r\n"},
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: eyJsecret.b.c\r\n\r\n"},
		{"coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: eyJsecret.b.c\r\n\r\n"},
		{"nothing", ""},
		{"half of a matched body", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\neyJsecret.b.c"},
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
				t.Errorf("the log is %s", log)
			}
		})
	}
}

// A body that breaks off must not look like one that ended.
func TestBackend_AnswerThatBreaksOffBreaksOff(t *testing.T) {
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
			t.Errorf("%q: the client took %q for the whole", head, body)
		}
	}
}

func shortTimeout(o *proxy.Options) { o.Timeouts.Response = 100 * time.Millisecond }

// Contract: "timed out 504"; G3: "the whole response of matched rules".
func TestTimeout_MatchedResponseThatHangsIs504(t *testing.T) {
	for _, sent := range []string{"", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"} {
		backend := proxytest.Start(t, func(r *proxytest.Request) {
			r.Send(sent)
			r.WaitClosed()
		})
		f := start(t, backend.URL, setup{rules: logins(t), options: shortTimeout})
		res, body := f.ask(t, login)
		expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 504, "urn:tokengraft:backend-timeout")
	}
}

// G3: "other paths wait as long as the client does".
func TestTimeout_LeavesUnmatchedResponsesAlone(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		time.Sleep(200 * time.Millisecond) // twice timeouts.response
		r.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
		time.Sleep(200 * time.Millisecond)
		r.Send("ok")
	})
	f := start(t, backend.URL, setup{options: shortTimeout})
	if res, body := f.ask(t, login); res.StatusCode != 200 || body != "ok" {
		t.Errorf("got %d %q", res.StatusCode, body)
	}
}

// Contract: "headers too large 431".
func TestLimits_RequestHeaderOverTheLimitIs431(t *testing.T) {
	f, backend := startResponding(t, noContent, setup{options: func(o *proxy.Options) { o.Limits.Headers = 1000 }})
	res, body := f.ask(t, request("GET", "/", []string{"Cookie: " + strings.Repeat("x", 1000)}, ""))
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 431, "urn:tokengraft:headers-too-large")
	if n := len(backend.Requests()); n != 0 {
		t.Errorf("the backend got %d requests", n)
	}
	if res, _ := f.ask(t, request("GET", "/", []string{"Cookie: " + strings.Repeat("x", 800)}, "")); res.StatusCode != 204 {
		t.Errorf("a smaller one got %d", res.StatusCode)
	}
}

// The client's form that breaks off is no request.
func TestRequestBody_ThatBreaksOffNeverReachesTheBackend(t *testing.T) {
	f, backend := startResponding(t, noContent, setup{})
	w := f.dial(t)
	w.send("POST /token HTTP/1.1\r\nHost: h\r\n" + form + "\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
	res := w.receive("POST")
	body, _ := io.ReadAll(res.Body)
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), string(body), 400, "urn:tokengraft:request-broken")
	if n := len(backend.Requests()); n != 0 {
		t.Errorf("the backend got %d requests", n)
	}
}

// panicking is an Enricher with a fault.
type panicking struct{ proxy.Enricher }

func (panicking) Enrich(context.Context, enrich.Grant) []enrich.Outcome { panic("of token a.b.c") }

func TestPanic_Is500AndTheProxyGoesOn(t *testing.T) {
	s := newFakeEnricher(enrich.OK).use(rule(t, "POST /login", "json:access_token"))
	s.snapshot = func(snapshot *proxy.Snapshot) { snapshot.Enricher = panicking{snapshot.Enricher} }
	f, _ := startResponding(t, twoTokens, s)
	res, body := f.ask(t, login)
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 500, "urn:tokengraft:internal")
	if log := f.log.String(); strings.Contains(log, "a.b.c") || !strings.Contains(log, "panic") {
		t.Errorf("the log is %s", log)
	}
	if res, _ := f.ask(t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); res.StatusCode != 200 {
		t.Errorf("then got %d", res.StatusCode)
	}
}

// A client that goes away takes its request with it.
func TestClientGone_BeforeTheAnswerCancelsTheRequest(t *testing.T) {
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

// A client that only stopped sending looks the same, and must not take an empty
// 200 for the answer.
func TestClientGone_StopsSendingAndGetsNoEmptyAnswer(t *testing.T) {
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
		t.Errorf("got %s", res.Status)
	}
}

// A6: "does not undo what the backend did; the enrichment's own work may
// finish".
func TestClientGone_AfterTheAnswerDoesNotStopTheEnrichment(t *testing.T) {
	looking, gone, asked := make(chan bool), make(chan bool), make(chan context.Context, 1)
	source := sourceFunc(func(ctx context.Context, q enrich.Query) (enrich.Document, error) {
		close(looking)
		<-gone
		if err := ctx.Err(); err != nil {
			return enrich.Document{}, err
		}
		return english(ctx, q)
	})
	f, _ := startIssuing(t, setup{
		rules: logins(t), source: source,
		watch: func(r *http.Request) { asked <- r.Context() },
	}, loginResponse)
	w := f.dial(t)
	w.send(login)
	<-looking
	w.Close()
	<-(<-asked).Done() // the server knows that the client is gone
	close(gone)
	waitFor(t, "the enriched token in the metrics", func() bool { return f.reason(t, enrich.OK) == 1 })
}

// Fine print: canceled.
func TestClientGone_WhileTheBodyArrivesIsCounted(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.Send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
		r.WaitClosed()
	})
	s, answered := reportAnswered(setup{rules: logins(t)})
	f := start(t, backend.URL, s)
	w := f.dial(t)
	w.send(login)
	<-answered // a client that goes earlier is not counted
	w.Close()
	waitFor(t, "a canceled token in the metrics", func() bool { return f.reason(t, enrich.Canceled) == 1 })
}

// Who sends what cannot be read is told so, and the backend is not blamed.
func TestRequestBody_ThatCannotBeReadIsTheClientsFault(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) { r.WaitClosed() })
	f := start(t, backend.URL, setup{})
	res, body := f.ask(t, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n")
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 400, "urn:tokengraft:request-broken")
	if strings.Contains(f.log.String(), "backend did not answer") {
		t.Error("the log blames the backend")
	}
}

// limits.headers: "the largest request and response header".
func TestLimits_ResponseHeaderOverTheLimitIs502(t *testing.T) {
	f, _ := startResponding(t, "HTTP/1.1 204 No Content\r\nX: "+strings.Repeat("x", 5000)+"\r\n\r\n", setup{options: func(o *proxy.Options) { o.Limits.Headers = 4000 }})
	res, body := f.ask(t, login)
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 502, "urn:tokengraft:backend-unreachable")
}
