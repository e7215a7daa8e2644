package proxy_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// counting is an Enricher that counts the tokens that are verified for diagnosis.
type counting struct {
	*enrich.Enricher
	appraised atomic.Int64
}

func (c *counting) Appraise(token string, kind enrich.Kind) enrich.Appraisal {
	c.appraised.Add(1)
	return c.Enricher.Appraise(token, kind)
}

// startCounting starts a proxy whose backend sends a token at every path. different makes
// each response have another one, which no key verifies.
func startCounting(t *testing.T, d proxy.Diagnose, different bool) (*fixture, *counting) {
	t.Helper()
	c, n := &counting{}, atomic.Int64{}
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		token := "eyJhbGciOiJFUzI1NiJ9." + asBase64(fmt.Sprintf(`{"sub":"u1","n":%d}`, n.Add(1))) + ".c2ln"
		if !different {
			token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2ln"
		}
		r.Send(answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"t":"`+token+`"}`))
	})
	f := start(t, backend.URL, diagnosing(setup{rules: logins(t)}, d))
	c.Enricher = f.enricher
	rules, err := proxy.NewRules(logins(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.proxy.Use(&proxy.Snapshot{Rules: rules, Enricher: c, Restore: true, Sizes: sizes}); err != nil {
		t.Fatal(err)
	}
	return f, c
}

// askOften sends requests over one connection.
func (f *fixture) askOften(t *testing.T, n int, path func(i int) string) {
	t.Helper()
	w := f.dial(t)
	for i := range n {
		w.send("GET " + path(i) + " HTTP/1.1\r\nHost: h\r\n\r\n")
		res := w.receive("GET")
		if body := make([]byte, res.ContentLength); res.StatusCode != 200 || readWhole(res.Body, body) != nil {
			t.Fatalf("response %d = %s, want 200 and its body", i, res.Status)
		}
	}
}

// A response with a token that no key verifies costs a check of a signature for the first
// answers of its path only, and at most ten in a second.
func TestDiagnose_KeepsItsBudget(t *testing.T) {
	for _, tt := range []struct {
		name      string
		mode      proxy.Diagnose
		different bool
		most      func(took time.Duration) int64
	}{
		{"a page that repeats a token", proxy.DiagnoseOn, false, func(time.Duration) int64 { return 1 }},
		{"every answer another token", proxy.DiagnoseOn, true, func(took time.Duration) int64 { return 10 * (2 + int64(took/time.Second)) }},
		{"auto", proxy.DiagnoseAuto, true, func(time.Duration) int64 { return 20 + 3 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, c := startCounting(t, tt.mode, tt.different)
			began := time.Now()
			f.askOften(t, 300, func(int) string { return "/page" })
			f.Close()
			waitFor(t, "a token to be verified", func() bool { return c.appraised.Load() > 0 })
			if n, most := c.appraised.Load(), tt.most(time.Since(began)); n > most {
				t.Errorf("300 answers: %d tokens were verified, want at most %d", n, most)
			}
		})
	}
}

// largeTaken is a Memory that counts the large buffers.
type largeTaken struct {
	proxy.Memory
	n *atomic.Int64
}

func (m largeTaken) TakeLarge(n int64) bool {
	m.n.Add(1)
	return m.Memory.TakeLarge(n)
}

// Auto copies the first answers of a path, and then one in a hundred. Each request and each
// copy takes memory once.
func TestDiagnose_AutoCopiesTheFirstAnswersAndSamples(t *testing.T) {
	for mode, want := range map[proxy.Diagnose]int64{proxy.DiagnoseOff: 300, proxy.DiagnoseAuto: 300 + 20 + 3, proxy.DiagnoseOn: 600} {
		taken := &atomic.Int64{}
		s := diagnosing(setup{rules: logins(t), options: func(o *proxy.Options) { o.Memory = largeTaken{o.Memory, taken} }}, mode)
		f, _ := startResponding(t, answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"a":1}`), s)
		f.askOften(t, 300, func(int) string { return "/page" })
		if got := taken.Load(); got != want {
			t.Errorf("diagnose %d: 300 answers took memory %d times, want %d", mode, got, want)
		}
	}
}

// Clients choose paths, so what is remembered of them is bounded.
func TestDiagnose_TellsABoundedNumberOfShapesApart(t *testing.T) {
	f, _ := startCounting(t, proxy.DiagnoseOn, false)
	f.askOften(t, 700, func(i int) string { return "/" + strings.Repeat("a", i/26) + string(rune('a'+i%26)) })
	if n := proxy.DiagnosedShapes(f.proxy); n < 400 || n > 513 {
		t.Errorf("%d shapes are told apart, want 512 and one for the others", n)
	}
}

func TestDiagnose_ShapesArePatternsWithoutIDs(t *testing.T) {
	for path, want := range map[string]string{
		"/":                       "POST /{$}",
		"/login":                  "POST /login",
		"/login/":                 "POST /login/{$}",
		"//a/../login":            "POST /login",
		"/v1/users/4711/x":        "POST /v1/users/{id}/x",
		"/v1/users/42/x":          "POST /v1/users/{id}/x",
		"/a@b.c/d/e f/{x}":        "POST /{id}/d/{id2}/{id3}",
		"/eyJhbGciOiJIUzI1NiJ9":   "POST /{id}",
		strings.Repeat("/ab", 99): "POST " + strings.Repeat("/ab", 84) + "/{rest...}",
	} {
		got := proxy.ShapeOf("POST", path)
		if got != want {
			t.Errorf("the shape of %s = %q, want %q", path, got, want)
		}
		if _, err := proxy.NewRules([]proxy.Rule{{Pattern: got}}); err != nil {
			t.Errorf("the shape of %s = %q is not a pattern: %v", path, got, err)
		}
	}
}

// With diagnose: off there is one check for nil, and nothing is allocated.
func TestDiagnose_OffIsFree(t *testing.T) {
	f, _ := startResponding(t, noContent, diagnosing(setup{rules: logins(t)}, proxy.DiagnoseOff))
	res := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Request: &http.Request{Method: "GET"}}
	if n := testing.AllocsPerRun(100, proxy.DiagnoseMessages(f.proxy, res)); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// G7: a copy takes memory like everything else, and a response that finds none passes.
func TestDiagnose_LooksAtNothingWithoutMemory(t *testing.T) {
	s := diagnosing(setup{rules: logins(t)}, proxy.DiagnoseOn)
	other := s.options
	s.options = func(o *proxy.Options) {
		other(o)
		o.Memory = noLarge{o.Memory, new(bool)}
	}
	f, token := startIssuing(t, s, loginResponse)
	_, body := f.ask(t, strings.Replace(login, "/login", "/other", 1))
	if body != `{"access_token":"`+token+`"}` || len(f.lines(uncovered)) > 0 {
		t.Errorf("the client got %q, and the log has %v; want the token, and nothing", body, f.lines(uncovered))
	}
}

// BenchmarkDiagnose measures requests that no rule matches. x-off is the time of one,
// divided by that without diagnosis.
func BenchmarkDiagnose(b *testing.B) {
	text := answer("HTTP/1.1 200 OK\nContent-Type: application/json", `{"items":[`+strings.Repeat(`{"id":1,"name":"a name"},`, 300)+`1]}`)
	var off time.Duration
	for _, tt := range []struct {
		name string
		mode proxy.Diagnose
	}{{"off", proxy.DiagnoseOff}, {"auto", proxy.DiagnoseAuto}, {"on", proxy.DiagnoseOn}} {
		b.Run(tt.name, func(b *testing.B) {
			s := diagnosing(setup{rules: []proxy.Rule{rule(b, "POST /login", "json:access_token")}, options: withoutLog}, tt.mode)
			f, _ := startResponding(b, text, s)
			benchmarkLogins(b, f.URL+"/other")
			took := b.Elapsed() / time.Duration(b.N)
			if tt.mode == proxy.DiagnoseOff {
				off = took
			}
			if off > 0 {
				b.ReportMetric(float64(took)/float64(off), "x-off")
			}
		})
	}
}
