package proxy_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// G8: no code or refresh token is used up while no token could be accepted.
func TestGate_DoesNotForwardWhileTheSourceFails(t *testing.T) {
	mixed := gated(rule(t, "GET /authorize", "fragment:access_token"))
	mixed.Mixed = true
	f, backend := startResponding(t, answer("HTTP/1.1 200 OK", ""), setup{
		rules:    []proxy.Rule{gated(rule(t, "/login", "json:access_token")), mixed},
		snapshot: func(s *proxy.Snapshot) { s.Failing = func() bool { return true } },
	})
	res, body := f.ask(t, login)
	expectProblem(t, res.StatusCode, res.Header.Get("Content-Type"), body, 503, "urn:tokengraft:documents-unavailable")
	if res.Header.Get("Retry-After") == "" || len(backend.Requests()) != 0 {
		t.Errorf("Retry-After = %q after %d requests to the backend, want it after none", res.Header.Get("Retry-After"), len(backend.Requests()))
	}
	for _, line := range []string{"OPTIONS /login", "GET /authorize"} {
		if res, _ := f.ask(t, line+" HTTP/1.1\r\nHost: h\r\n\r\n"); res.StatusCode != 200 {
			t.Errorf("%s = %d, want 200 from the backend", line, res.StatusCode)
		}
	}
}

// G8: a client cannot ask for what the gate cannot read.
func TestGate_AsksTheBackendForAWholeResponse(t *testing.T) {
	const asked = "Range: bytes=1-\r\nIf-Range: x\r\nAccept-Encoding: br\r\nAccept-Charset: utf-16\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAccept: text/event-stream\r\n"
	for _, isGate := range []bool{true, false} {
		r := rule(t, "POST /login", "json:access_token")
		r.Gate = isGate
		f, backend := startResponding(t, twoTokens, newFakeEnricher(enrich.OK).use(r))
		f.ask(t, "POST /login HTTP/1.1\r\nHost: h\r\n"+asked+"Content-Length: 0\r\n\r\n")
		got := backend.Requests()[0]
		for _, name := range []string{"Range", "If-Range", "Accept-Charset", "Upgrade"} {
			if _, ok := got.Get(name); ok == isGate {
				t.Errorf("gate %t: the backend got %s: %t, want %t", isGate, name, ok, !isGate)
			}
		}
		if coding, _ := got.Get("Accept-Encoding"); coding != "identity" {
			t.Errorf("gate %t: Accept-Encoding = %q, want identity", isGate, coding)
		}
		if accept, _ := got.Get("Accept"); accept != "text/event-stream" {
			t.Errorf("gate %t: Accept = %q, want it unchanged", isGate, accept)
		}
	}
}

// G8: the method that counts is the one that the backend may use.
func TestGate_CoversRequestsThatOverrideTheirMethod(t *testing.T) {
	const plain = "HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n"
	for _, test := range []struct {
		request string
		refused bool
	}{
		{"POST /login " + plain, true},
		{"GET /login " + plain, false},
		{"PUT /login " + plain, false},
		{"GET /login " + plain + "X-HTTP-Method-Override: POST\r\n", true},
		{"GET /login " + plain + "x-http-method: post\r\n", true},
		{"PUT /login " + plain + "X_Method_Override: POST\r\n", true},
		{"GET /login?_method=POST " + plain, true},
		{"GET /login?%5Fmethod=POST " + plain, true},
		{"GET /login?.method=POST " + plain, true},
		{"post /login " + plain, true},
		{"POST /change " + plain + form + "\r\n", true},
		{"POST /change " + plain, false},
		{"POST /change " + plain + "X-HTTP-Verb: PUT\r\n", true},
		{"POST /change?_verb=PUT " + plain, true},
		{strings.Replace("POST /change "+plain, "Length: 0", "Length: 2", 1) + jsonBody + "\r\n\r\n{}", true},
		{"OPTIONS /change " + plain + "Access-Control-Request-Method: PUT\r\n", false},
		{"GET /other?_method=POST " + plain, false},
		{"GET /ungated?_method=POST " + plain, true},
		{"GET /ungated " + plain, false},
	} {
		f, _ := startResponding(t, answer("HTTP/1.1 200 OK", issued), newFakeEnricher(enrich.OK).use(
			gated(rule(t, "POST /login", "json:access_token")), gated(rule(t, "PUT /change", "json:access_token")),
			gated(rule(t, "POST /ungated", "json:access_token")), rule(t, "GET /ungated", "json:access_token"),
		))
		if !strings.Contains(test.request, "\r\n\r\n") {
			test.request += "\r\n"
		}
		if res, _ := f.ask(t, test.request); res.StatusCode != 200 && !test.refused || res.StatusCode != 503 && test.refused {
			t.Errorf("%q = %d, want refused %t", test.request, res.StatusCode, test.refused)
		}
	}
}

// The provider is decided by the escaped path, like the rule.
func TestProvider_IsNotForgedByAnEncodedSlash(t *testing.T) {
	for path, want := range map[string]string{
		"/app/my/auth/anon-user/login":               "anon-user",
		"/app/x%2Fauth%2Flocal/auth/anon-user/login": "anon-user",
		"/app/my/auth/a%2Fb/login":                   "a/b",
		"/app/my/auth/anon%2Duser/login":             "anon-user",
		"/app//my/./x/../auth/anon-user/login":       "anon-user",
		"/app/%2e%2e/auth/anon-user/login":           "anon-user",
		"/app/my/auth/ANON-user/login":               "anon-user",
		"/app/my/auth/anon-user;x/login":             "anon-user",
		"/app/my/auth/anon-user%20/login":            "anon-user",
		"/app/my/auth/anon%252Duser/login":           "anon-user",
		"/app/my/auth/x%2F..%2Fanon-user/login":      "anon-user",
	} {
		enricher := newFakeEnricher(enrich.OK)
		backend := proxytest.Start(t, proxytest.RespondWith(twoTokens))
		f := start(t, backend.URL, enricher.use(rule(t, "POST /app/{app}/auth/{provider}/login", "json:access_token")))
		f.ask(t, "POST "+path+" HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
		select {
		case g := <-enricher.grants:
			if g.Provider != want {
				t.Errorf("%s: Provider = %q, want %q", path, g.Provider, want)
			}
		default:
			t.Errorf("%s: no grant, want one of %q", path, want)
		}
	}
}

// Law G7: while the backend works, the tokens of a body take no memory that is not counted.
// This body has another large token each time that it is decoded.
func TestGate_KeepsNoTokensOfTheRequest(t *testing.T) {
	const size = 1_000_000
	got, respond := make(chan int64), make(chan bool)
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.ReadBody()
		got <- heap()
		<-respond
		r.Send(noContent)
	})
	f := start(t, backend.URL, setup{rules: []proxy.Rule{gated(rule(t, "/login", "json:access_token"))}})
	defer close(respond)
	body := "a=" + issued + strings.Repeat("B", size) + "%41%2541%252541%25252541"
	client := f.dial(t)
	before := heap()
	client.send(fmt.Sprintf("POST /login HTTP/1.1\r\nHost: h\r\n%s\r\nContent-Length: %d\r\n\r\n%s", form, len(body), body))
	// The request, the body that the backend got, and their buffers.
	if held := <-got - before; held > 3*size {
		t.Errorf("a request of %d bytes holds %d bytes, want at most three times as many", len(body), held)
	}
}

// Law G7: what a gate decodes takes memory too.
func TestGate_TakesMemoryToSearchABody(t *testing.T) {
	for _, isGate := range []bool{true, false} {
		r := rule(t, "POST /login", "json:access_token")
		r.Gate = isGate
		f, _ := startResponding(t, noContent, setup{rules: []proxy.Rule{r}})
		f = withMemory(f, 6_000_000)
		res, body := f.ask(t, "POST /login HTTP/1.1\r\nHost: h\r\n"+form+"\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("a", 1_000_000))
		if isGate {
			expectOverloaded(t, res, body)
		} else if res.StatusCode != 204 {
			t.Errorf("without a gate got %s, want 204", res.Status)
		}
	}
}

// heap returns how many bytes are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC() // only the second one empties each sync.Pool
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
