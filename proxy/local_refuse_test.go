package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/budget"
	"github.com/tokengraft/tokengraft/proxy"
)

// refused answers as a Local does whose clients need a shape of their own.
func refused(w http.ResponseWriter, _ *http.Request, status int, detail string) bool {
	w.Header().Set("Content-Type", "text/own")
	w.WriteHeader(status)
	io.WriteString(w, detail)
	return true
}

// withOrigin adds a header that web pages need.
func withOrigin(w http.ResponseWriter, _ *http.Request, _ int, _ string) bool {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	return false
}

// A Local has a say in every answer that the proxy gives for it.
func TestLocal_RefusesInItsOwnWay(t *testing.T) {
	post := func(rest string) string { return "POST " + ownPath + " HTTP/1.1\r\nHost: h\r\n" + rest }
	panics := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a bug") })
	silent := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	full := budget.NewQueue(1, 0)
	if err := full.Acquire(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, request string
		handler       http.Handler
		memory        int64
		turns         proxy.Queue
		status        int
		urn           string
	}{
		{"no memory for the request", post("Content-Length: 0\r\n\r\n"), echoing, 1000, nil, 503, "overloaded"},
		{"no memory for the body", post("Content-Length: 900000\r\n\r\n" + strings.Repeat("a", 900_000)), echoing, 1 << 20, nil, 503, "overloaded"},
		{"no turn", get(ownPath), echoing, 1 << 30, full, 503, "overloaded"},
		{"a header with too many lines", "GET " + ownPath + " HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("A: b\r\n", proxy.MaxHeaderLines+1) + "\r\n", echoing, 1 << 30, nil, 431, "headers-too-large"},
		{"a header that is too large", "GET " + ownPath + " HTTP/1.1\r\nHost: h\r\nA: " + strings.Repeat("b", 70<<10) + "\r\n\r\n", echoing, 1 << 30, nil, 431, "headers-too-large"},
		{"a slow body", post("Content-Length: 4\r\n\r\nab"), echoing, 1 << 30, nil, 400, "request-broken"},
		{"a broken body", post("Transfer-Encoding: chunked\r\n\r\nnot a chunk"), echoing, 1 << 30, nil, 400, "request-broken"},
		{"a panic", get(ownPath), panics, 1 << 30, nil, 500, "internal"},
		{"no answer", get(ownPath), silent, 1 << 30, nil, 500, "internal"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, own := range []bool{true, false} {
				local := proxy.Local{Pattern: ownPath, Handler: tt.handler, Turns: tt.turns, MaxBody: 1 << 20, Refuse: withOrigin}
				if own {
					local.Refuse = refused
				}
				s := withLocals(local)
				s.options = shortTimeout
				f, backend := startResponding(t, noContent, s)
				withMemory(f, tt.memory)
				res, body := f.ask(t, tt.request)
				if own && (res.StatusCode != tt.status || res.Header.Get("Content-Type") != "text/own" || body == "") {
					t.Errorf("got %d %s %q, want %d, as the Local answers", res.StatusCode, res.Header.Get("Content-Type"), body, tt.status)
				}
				if !own {
					expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, tt.status, "urn:tokengraft:"+tt.urn)
					if res.Header.Get("Access-Control-Allow-Origin") != "*" {
						t.Errorf("got the header %v, want what the Local adds", res.Header)
					}
				}
				if retry := res.Header.Get("Retry-After"); (retry == "1") != (tt.status == 503) {
					t.Errorf("Retry-After = %q with status %d, want 1 with 503 only", retry, tt.status)
				}
				if n := len(backend.Requests()); n != 0 {
					t.Errorf("the backend got %d requests, want none", n)
				}
			}
		})
	}
}

// A server may refuse requests before the proxy gets them.
func TestOverloaded_IsAnsweredByTheLocalOfThePath(t *testing.T) {
	f, _ := startResponding(t, noContent, withLocals(proxy.Local{Pattern: ownPath, Handler: echoing, Refuse: refused}))
	for path, want := range map[string]string{ownPath: "503 text/own", "/": "503 application/problem+json"} {
		w := httptest.NewRecorder()
		f.proxy.Overloaded(w, httptest.NewRequest(http.MethodGet, path, nil))
		if got := fmt.Sprint(w.Code, " ", w.Header().Get("Content-Type")); got != want || w.Header().Get("Retry-After") != "1" {
			t.Errorf("%s: got %s, Retry-After %q; want %s, and 1", path, got, w.Header().Get("Retry-After"), want)
		}
	}
}
