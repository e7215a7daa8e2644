package proxy_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

const ownPath = "/.tokengraft/custom_data"

// withLocals returns a setup in which the proxy answers paths itself.
func withLocals(locals ...proxy.Local) setup {
	return setup{snapshot: func(s *proxy.Snapshot) { s.Locals = locals }}
}

// echoing is a handler that answers with the method and the body.
var echoing = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		http.Error(w, fmt.Sprintf("more than %d", tooLarge.Limit), http.StatusRequestEntityTooLarge)
		return
	}
	fmt.Fprintf(w, "%s %s%s", r.Method, body, r.PathValue("app"))
})

func TestLocal_AnswersItsPathInOneSpelling(t *testing.T) {
	f, backend := startResponding(t, noContent, withLocals(
		proxy.Local{Pattern: ownPath, Handler: echoing, MaxBody: 100},
		proxy.Local{Pattern: "/app/{app}/call", Handler: echoing},
	))
	for target, local := range map[string]bool{
		ownPath:                        true,
		ownPath + "?a=%2F..%2F":        true,
		"http://h" + ownPath:           true,
		"/app/my-app-abc/call":         true,
		"/app/a%20b/call":              true,
		ownPath + "/":                  false,
		"/" + ownPath:                  false,
		"/x/.." + ownPath:              false,
		"/.tokengraft/custom%5Fdata":   false,
		"/.tokengraft/CUSTOM_DATA":     false,
		"/.tokengraft%2Fcustom_data":   false,
		"/.tokengraft/./custom_data":   false,
		"/.tokengraft/custom_data;a=b": false,
		"/app/a%2Fb/call":              false,
		"/app//call":                   false,
		"/":                            false,
	} {
		before := len(backend.Requests())
		res, body := f.ask(t, "PATCH "+target+" HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
		answered := res.StatusCode == 200 && strings.HasPrefix(body, "PATCH ")
		if answered != local || (len(backend.Requests()) == before) != local {
			t.Errorf("%s: got %d %q after %d requests to the backend; want the proxy itself to answer: %t", target, res.StatusCode, body, len(backend.Requests())-before, local)
		}
	}
	if res, body := f.ask(t, "POST /app/my-app-abc/call HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"); body != "POST my-app-abc" {
		t.Errorf("got %d %q, want the wildcard of the pattern", res.StatusCode, body)
	}
}

func TestLocal_HasPrecedenceOverRulesAndGates(t *testing.T) {
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "DELETE", "PURGE"} {
		s := withLocals(proxy.Local{Pattern: ownPath, Handler: echoing})
		s.rules = []proxy.Rule{gated(rule(t, "/.tokengraft/", "json:access_token"))}
		f, backend := startResponding(t, twoTokens, s)
		res, body := f.ask(t, method+" "+ownPath+" HTTP/1.1\r\nHost: h\r\nX-HTTP-Method-Override: POST\r\n\r\n")
		if want := method + " "; res.StatusCode != 200 || body != want && method != "HEAD" || len(backend.Requests()) != 0 {
			t.Errorf("%s: got %d %q after %d requests to the backend, want 200 %q from the proxy", method, res.StatusCode, body, len(backend.Requests()), want)
		}
	}
}

func TestLocal_IsValidated(t *testing.T) {
	for want, locals := range map[string][]proxy.Local{
		`"/a": it has no Handler`:                 {{Pattern: "/a"}},
		`"/a": MaxBody is negative`:               {{Pattern: "/a", Handler: echoing, MaxBody: -1}},
		`"GET /a": the pattern must be a path`:    {{Pattern: "GET /a", Handler: echoing}},
		`"example.com/a": the pattern must be a `: {{Pattern: "example.com/a", Handler: echoing}},
		`"": the pattern must be a path`:          {{Handler: echoing}},
		`"/{a": parsing "/{a"`:                    {{Pattern: "/{a", Handler: echoing}},
		`"/{x}/a": pattern "/{x}/a"`:              {{Pattern: "/a/{x}", Handler: echoing}, {Pattern: "/{x}/a", Handler: echoing}},
	} {
		f, _ := startResponding(t, noContent, setup{})
		if err := f.proxy.Use(&proxy.Snapshot{Locals: locals}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Use(%+v) = %v, want an error with %q", locals, err, want)
		}
	}
}

func TestLocal_PanicCostsOneRequest(t *testing.T) {
	f, _ := startResponding(t, noContent, withLocals(
		proxy.Local{Pattern: "/panic", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("of token a.b.c") })},
		proxy.Local{Pattern: ownPath, Handler: echoing},
	))
	res, body := f.ask(t, get("/panic"))
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 500, "urn:tokengraft:internal")
	if log := f.log.String(); strings.Contains(log, "a.b.c") || !strings.Contains(log, "panic while serving") {
		t.Errorf("log:\n%s\nwant the stack of the panic and no token", log)
	}
	if res, _ := f.ask(t, get(ownPath)); res.StatusCode != 200 {
		t.Errorf("the next request got %s, want 200", res.Status)
	}
}

func TestLocal_IsInTheLogAndTheMetrics(t *testing.T) {
	f, _ := startResponding(t, noContent, withLocals(proxy.Local{Pattern: "/app/{app}/call", Handler: echoing, MaxBody: 9}))
	f.ask(t, "POST /app/x/call?q=secret HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
	line := f.accessLog(t, 1)[0]
	if line["rule"] != "/app/{app}/call" || line["status"] != 200.0 || line["bytes"] != 6.0 {
		t.Errorf("access log: %v, want the pattern, 200 and 6 bytes", line)
	}
	series := f.series(t, "http.server.request.duration")
	if len(series) != 1 || !strings.Contains(fmt.Sprint(series), "http.route=/app/{app}/call") {
		t.Errorf("http.server.request.duration: %v, want one with the route", series)
	}
}

func TestLocal_KnowsTheAddressOfTheClient(t *testing.T) {
	s := withLocals(proxy.Local{Pattern: ownPath, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, proxy.ClientAddress(r.Context()))
	})})
	for want, trusted := range map[string][]netip.Prefix{
		"127.0.0.1": nil,
		"192.0.2.1": {netip.MustParsePrefix("127.0.0.0/8")},
	} {
		s.options = func(o *proxy.Options) { o.TrustedProxies = trusted }
		f, _ := startResponding(t, noContent, s)
		if _, body := f.ask(t, "GET "+ownPath+" HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"); body != want {
			t.Errorf("ClientAddress = %q with the trusted proxies %v, want %q", body, trusted, want)
		}
	}
	if got := proxy.ClientAddress(t.Context()); got != "" {
		t.Errorf("ClientAddress of another context = %q, want none", got)
	}
}

// Both versions of HTTP keep a slow handler apart from the backend.
func TestLocal_WorksOverHTTP2(t *testing.T) {
	backend := proxytest.Start(t, proxytest.RespondWith(noContent))
	f := start(t, backend.URL, withLocals(proxy.Local{Pattern: ownPath, Handler: echoing, MaxBody: 10}))
	client := &http.Client{Transport: &http.Transport{Protocols: func() *http.Protocols {
		p := new(http.Protocols)
		p.SetUnencryptedHTTP2(true)
		return p
	}()}, Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	for size, want := range map[int]int{0: 200, 10: 200, 11: 413, 1 << 20: 413} {
		res, err := client.Post(f.URL+ownPath, "text/plain", strings.NewReader(strings.Repeat("a", size)))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want || res.ProtoMajor != 2 {
			t.Errorf("a body of %d bytes: got %s %s, want HTTP/2 and %d", size, res.Proto, res.Status, want)
		}
	}
}
