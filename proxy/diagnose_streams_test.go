package proxy_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/budget"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// G7: a stream that is too long to be searched keeps no copy, however long it takes.
func TestDiagnose_KeepsNoCopyOfALongStream(t *testing.T) {
	done := make(chan bool)
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.Send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(strings.Repeat("[", 1<<20+1)))
		<-done
		r.Send(chunk(""))
	})
	memory := budget.New(64 << 20)
	s := diagnosing(setup{rules: logins(t), options: func(o *proxy.Options) { o.Memory = memory }}, proxy.DiagnoseOn)
	f := start(t, backend.URL, s)
	w := f.dial(t)
	w.send(get("/changes"))
	if _, err := io.ReadFull(w.receive("GET").Body, make([]byte, 1<<20+1)); err != nil {
		t.Fatal(err)
	}
	read := time.Now()
	waitFor(t, "the copy to be dropped", func() bool { return memory.Used() < 1<<20 && proxy.Copying(f.proxy) == 0 })
	if took := time.Since(read); took > 20*time.Second {
		t.Errorf("the copy was kept for %v", took)
	}
	close(done)
}

// appraising is an Enricher that appraises.
type appraising struct{ *fakeEnricher }

func (appraising) Appraise(string, enrich.Kind) enrich.Appraisal { return enrich.TokenForeign }

// Streams of JSON that send nothing for hours do not end the diagnosis of other responses.
func TestDiagnose_CopiesNoStreamForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := proxy.New(proxy.Options{Backend: &url.URL{Scheme: "http", Host: "backend"}}, &proxy.Snapshot{Enricher: appraising{newFakeEnricher("")}})
		if err != nil {
			t.Fatal(err)
		}
		quiet, end := io.Pipe()
		defer end.Close()
		res := &http.Response{StatusCode: 200, ContentLength: -1, Header: http.Header{"Content-Type": {"application/json"}}, Body: quiet, Request: &http.Request{Method: "GET", Body: http.NoBody}}
		proxy.DiagnoseMessages(p, res)()
		go io.Copy(io.Discard, res.Body)
		time.Sleep(29 * time.Second)
		if n := proxy.Copying(p); n != 1 {
			t.Errorf("after 29 seconds %d responses are copied, want 1", n)
		}
		time.Sleep(2 * time.Second)
		if n := proxy.Copying(p); n != 0 {
			t.Errorf("after 31 seconds %d responses are copied, want none", n)
		}
	})
}

// Auto does not search every request, but takes no token for issued that the backend may
// only repeat. It finds one that the backend issues all the same.
func TestDiagnose_AutoTakesNoRepeatedTokenForIssued(t *testing.T) {
	var f *fixture
	var issues bool
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.ReadBody()
		switch {
		case strings.Contains(r.Body, "wrong"):
			r.Send(answer("HTTP/1.1 401 Unauthorized\nContent-Type: application/json", "{}"))
		case issues:
			r.Send(answer(okJSON, `{"t":"`+f.token(`,"n":2`)+`"}`))
		default:
			r.Send(answer(okJSON, r.Body))
		}
	})
	f = start(t, backend.URL, setup{rules: logins(t)})
	post := func(body string) { f.ask(t, request("POST", "/check", []string{jsonType}, body)) }
	for range 20 {
		post(`{"wrong":1}`) // no answers that issue tokens, so they do not count
	}
	for range 10 {
		post(`{"t":"` + f.token(`,"n":1`) + `"}`)
	}
	f.ask(t, get("/check")) // the goroutines of the others have started
	if lines := f.lines(uncovered); len(lines) > 0 {
		t.Errorf("logged %v, want nothing about a token that the client sent", lines)
	}
	issues = true
	for range 100 { // of which one is searched
		post(`{"password":"right"}`)
	}
	f.awaitLine(t, uncovered)
}

// A client with one enriched token can neither fill the log nor hide what the backend sends.
func TestDiagnose_ClientsDoNotSilenceIt(t *testing.T) {
	f, token := startIssuing(t, diagnosing(setup{rules: logins(t)}, proxy.DiagnoseOn), func(token string) string {
		return answer(okJSON, `{"t":"`+token+`"}`)
	})
	enriched := f.enriched(t, f.token(""))
	w := f.dial(t)
	for i := range 1200 {
		name := "X-" + strings.Repeat("a", i/26%26+1) + "-" + string(rune('a'+i%26)) + "-" + string(rune('a'+i/676))
		w.send(request("POST", "/login", []string{name + ": " + enriched}, ""))
		res := w.receive("POST")
		io.Copy(io.Discard, res.Body)
	}
	waitFor(t, "lines about the headers", func() bool { return len(f.lines(notRestored)) > 400 })
	if n := len(f.lines(notRestored)); n > 512 {
		t.Errorf("one client wrote %d lines into the log, want 512 at most", n)
	}
	f.ask(t, request("POST", "/other", nil, ""))
	if line := f.awaitLine(t, uncovered); line["places"] != "json:t" || token == "" {
		t.Errorf("logged %v, want json:t", line)
	}
}
