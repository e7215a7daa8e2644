package proxy_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// A7.
func TestProtocol_EarlyHintsReachTheClientBeforeTheResponse(t *testing.T) {
	f, _ := startIssuing(t, setup{rules: logins(t)}, func(token string) string {
		return "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" +
			loginResponse(token)
	})
	w := f.dial(t)
	w.send(login)
	if hints := w.receive("POST"); hints.StatusCode != 103 || hints.Header.Get("Link") != "</a.css>; rel=preload" {
		t.Errorf("first response = %d, header %q; want 103 with Link", hints.StatusCode, hints.Header)
	}
	res := w.receive("POST")
	body, _ := io.ReadAll(res.Body)
	if !f.isEnriched(t, between(t, string(body), `:"`, `"`)) || res.Header.Get("Link") != "" {
		t.Errorf("second response has header %q, body %q; want an enriched token and no Link", res.Header, body)
	}
}

// A7.
func TestProtocol_TrailersOfRequestsReachTheBackend(t *testing.T) {
	f, backend := startResponding(t, answer("HTTP/1.1 200 OK", ""), setup{rules: logins(t)})
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded"} {
		f.ask(t, "POST /login HTTP/1.1\r\nHost: h\r\nContent-Type: "+kind+"\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\nX-Sum: 7\r\n\r\n")
	}
	for _, r := range backend.Requests() {
		if trailer, _ := r.Get("Trailer"); trailer != "X-Sum" || r.Body != "3\r\na=b\r\n0\r\nX-Sum: 7\r\n\r\n" {
			t.Errorf("the backend got Trailer %q and body %q, want X-Sum and its value 7", trailer, r.Body)
		}
	}
}

// A7: the client sends its body only after the backend answered 100.
func TestProtocol_ExpectContinueIsAnsweredByTheBackend(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		if strings.HasPrefix(r.Line, "POST /no ") {
			r.Send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			r.Close()
			return
		}
		r.Send("HTTP/1.1 100 Continue\r\n\r\n")
		r.ReadBody()
		r.Send(answer("HTTP/1.1 200 OK", r.Body))
	})
	f := start(t, backend.URL, setup{})
	t.Run("continue", func(t *testing.T) {
		w := f.dial(t)
		w.send("POST /yes HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
		if res := w.receive("POST"); res.StatusCode != 100 {
			t.Fatalf("got %d, want 100", res.StatusCode)
		}
		w.send("abc")
		res := w.receive("POST")
		if body, _ := io.ReadAll(res.Body); res.StatusCode != 200 || string(body) != "abc" {
			t.Errorf("got %d %q, want 200 \"abc\"", res.StatusCode, body)
		}
	})
	t.Run("refused", func(t *testing.T) {
		w := f.dial(t)
		w.send("POST /no HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
		if res := w.receive("POST"); res.StatusCode != 417 {
			t.Errorf("got %d, want 417", res.StatusCode)
		}
	})
}

// A7: the proxy reads a form before it forwards the request. Then it must not wait for the
// backend's 100, which old backends never send, and some refuse.
func TestProtocol_ExpectContinueOfAFormIsAnsweredByTheProxy(t *testing.T) {
	f, backend := startResponding(t, twoTokens, setup{rules: logins(t)})
	w := f.dial(t)
	w.send("POST /login HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n" + form + "\r\nContent-Length: 3\r\n\r\n")
	if res := w.receive("POST"); res.StatusCode != 100 {
		t.Fatalf("got %d, want 100", res.StatusCode)
	}
	w.send("a=b")
	if res := w.receive("POST"); res.StatusCode != 200 {
		t.Errorf("got %d, want 200", res.StatusCode)
	}
	if r := backend.Requests()[0]; strings.Contains(strings.Join(r.Header, "\n"), "Expect") || r.Body != "a=b" {
		t.Errorf("the backend got header %q, body %q; want no Expect and the body a=b", r.Header, r.Body)
	}
}

// A7.
func TestUpgrade_ForwardsBytesInBothDirections(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		upgrade, _ := r.Get("Upgrade")
		if connection, _ := r.Get("Connection"); connection != "Upgrade" || upgrade != "websocket" {
			r.Send(answer("HTTP/1.1 400 Bad Request", connection+" "+upgrade))
			return
		}
		r.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n")
		r.Send("hello " + r.Receive(4))
		r.WaitClosed()
	})
	f := start(t, backend.URL, setup{rules: []proxy.Rule{rule(t, "/", "json:access_token")}})
	w := f.dial(t)
	w.send("GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	res := w.receive("GET")
	if res.StatusCode != 101 || res.Header.Get("Sec-Websocket-Accept") != "x" {
		t.Fatalf("got %d, header %q; want 101 with Sec-WebSocket-Accept: x", res.StatusCode, res.Header)
	}
	w.send("you!")
	got := make([]byte, len("hello you!"))
	if _, err := io.ReadFull(w.in, got); err != nil || string(got) != "hello you!" {
		t.Errorf("the client read %q, %v; want \"hello you!\"", got, err)
	}
	w.Close()
	waitFor(t, "the access log", func() bool { return strings.Contains(f.log.String(), `"status":101`) })
}

// A7.
func TestProtocol_ServesHTTP10Clients(t *testing.T) {
	f, backend := startHTTP10Backend(t)
	w := f.dial(t)
	w.send("POST /login HTTP/1.0\r\nContent-Length: 0\r\n\r\n")
	raw, err := io.ReadAll(w.in) // to the end of the connection
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
	if !f.isEnriched(t, between(t, body, `:"`, `"`)) || strings.Contains(head, "chunked") {
		t.Errorf("response = %q, want an enriched token and no chunks", raw)
	}
	if line := backend.Requests()[0].Line; line != "POST /login HTTP/1.1" {
		t.Errorf("the backend got %q, want POST /login HTTP/1.1", line)
	}
}

// startHTTP10Backend starts a proxy in front of a backend that speaks HTTP/1.0. The end of
// the connection ends its body.
func startHTTP10Backend(t *testing.T) (*fixture, *proxytest.Backend) {
	var f *fixture
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.ReadBody()
		r.Send("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + `{"access_token":"` + f.token("") + `"}`)
		r.Close()
	})
	f = start(t, backend.URL, setup{rules: logins(t)})
	return f, backend
}

// A7: HTTP/2 without TLS, as load balancers use it.
func TestProtocol_ServesHTTP2Clients(t *testing.T) {
	f, backend := startHTTP10Backend(t)
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	unknownLength := struct{ io.Reader }{strings.NewReader("a=b")}
	res, err := (&http.Client{Transport: transport}).Post(f.URL+"/login", "application/x-www-form-urlencoded", unknownLength)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.ProtoMajor != 2 || !f.isEnriched(t, between(t, string(body), `:"`, `"`)) {
		t.Errorf("got %s %q, %v; want an enriched token over HTTP/2", res.Proto, body, err)
	}
	if got := backend.Requests()[0].Body; got != "3\r\na=b\r\n0\r\n\r\n" {
		t.Errorf("the backend got the body %q, want a=b in chunks", got)
	}
}

// A7: the proxy uses HTTP/2 if a backend with TLS supports it, including trailers, early
// hints and requests without a body.
func TestProtocol_ServesHTTP2Backends(t *testing.T) {
	var f *fixture
	var seen []string
	backend := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen = append(seen, r.Proto+" "+r.Method+" "+r.RequestURI+" "+r.Host+" "+string(body))
		w.Header().Set("Link", "</a.css>")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Trailer", "X-Sum")
		io.WriteString(w, `{"access_token":"`+f.token("")+`"}`)
		w.Header().Set("X-Sum", "7")
	}))
	backend.EnableHTTP2 = true
	backend.StartTLS()
	defer backend.Close()
	backendURL, _ := url.Parse(backend.URL)
	f = start(t, backendURL, setup{rules: []proxy.Rule{rule(t, "/", "json:access_token")}})

	hints := 0
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error { hints += code; return nil }}
	ask := func(method, path, body string) {
		req, _ := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), method, f.URL+path, strings.NewReader(body))
		req.Host = "auth.example.com"
		res, err := f.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		got, err := io.ReadAll(res.Body)
		if err != nil || !f.isEnriched(t, between(t, string(got), `:"`, `"`)) || res.Trailer.Get("X-Sum") != "7" {
			t.Errorf("%s %s = %q, trailer %q, %v; want an enriched token and X-Sum: 7", method, path, got, res.Trailer, err)
		}
	}
	ask("GET", "/login//x?a;b", "")
	ask("POST", "/login", "")
	ask("POST", "/login", "a=b")
	want := []string{
		"HTTP/2.0 GET /login//x?a;b auth.example.com ",
		"HTTP/2.0 POST /login auth.example.com ",
		"HTTP/2.0 POST /login auth.example.com a=b",
	}
	if !slices.Equal(seen, want) || hints != 3*103 {
		t.Errorf("the backend got %q, want %q; the client got %d early hints, want 3", seen, want, hints/103)
	}
}

// A7: an upgraded connection stays open until one side closes it.
func TestUpgrade_IsNotEndedByTheResponseTimeout(t *testing.T) {
	t.Parallel()
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		time.Sleep(1500 * time.Millisecond)
		r.Send("late")
		r.Close()
	})
	f := start(t, backend.URL, setup{
		rules:   []proxy.Rule{rule(t, "GET /socket", "json:access_token")},
		options: func(o *proxy.Options) { o.Timeouts.Response = time.Second },
	})
	w := f.dial(t)
	w.send("GET /socket HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	if res := w.receive("GET"); res.StatusCode != 101 {
		t.Fatalf("got %d, want 101", res.StatusCode)
	}
	if got, err := io.ReadAll(w.in); string(got) != "late" {
		t.Errorf("after the timeout the client read %q, %v; want \"late\"", got, err)
	}
}

// B2: /a/ and /a are different paths, although a mux would redirect one to the other.
func TestRules_SubtreeDoesNotMatchThePathWithoutItsSlash(t *testing.T) {
	f, original := startIssuing(t, setup{rules: []proxy.Rule{rule(t, "POST /login/", "json:access_token")}}, loginResponse)
	if _, body := f.ask(t, login); !strings.Contains(body, original) {
		t.Errorf("POST /login = %s, want the original token: the rule is POST /login/", body)
	}
	if _, body := f.ask(t, strings.Replace(login, "/login", "/login/", 1)); strings.Contains(body, original) {
		t.Errorf("POST /login/ = %s, want an enriched token", body)
	}
}

// RFC 9112, section 6.1: the request has two lengths, so the text after it must not be
// taken for another request.
func TestProtocol_ChunkedRequestClosesItsConnection(t *testing.T) {
	f, backend := startResponding(t, noContent, setup{})
	w := f.dial(t)
	w.send("POST /first HTTP/1.1\r\nHost: h\r\nContent-Length: 44\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /second HTTP/1.1\r\nHost: h\r\n\r\n")
	if res := w.receive("POST"); res.StatusCode != 204 || !res.Close {
		t.Errorf("got %d, Connection: close %t; want 204, true", res.StatusCode, res.Close)
	}
	if _, err := w.in.ReadByte(); err != io.EOF {
		t.Errorf("reading after the first response = %v, want EOF", err)
	}
	if n := len(backend.Requests()); n != 1 {
		t.Errorf("the backend got %d requests, want 1", n)
	}
}

// Requests on a connection that was upgraded to another version of HTTP would bypass the
// proxy.
func TestUpgrade_ToAnotherHTTPIsDropped(t *testing.T) {
	f, backend := startResponding(t, noContent, setup{})
	for i, protocol := range []string{"h2c", "H2C", "websocket, h2c", "HTTP/2.0", "TLS/1.2, HTTP/1.1"} {
		f.ask(t, "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\nUpgrade: "+protocol+"\r\n\r\n")
		for _, name := range []string{"Upgrade", "Connection", "HTTP2-Settings"} {
			if value, there := backend.Requests()[i].Get(name); there {
				t.Errorf("Upgrade: %s: the backend got the header %s: %s, want it removed", protocol, name, value)
			}
		}
	}
}
