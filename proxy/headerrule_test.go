package proxy_test

import (
	"io"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// anywhere returns a rule for every request, with locations in the header only.
func anywhere(t testing.TB) []proxy.Rule {
	t.Helper()
	return []proxy.Rule{rule(t, "/", "header:Authorization", "cookie:token", "fragment:access_token", "query:access_token")}
}

// A1: a rule for headers changes no response without a token in its header: the body
// streams, and timeouts.response ends with the header.
func TestHeaderRule_ResponseWithoutATokenStreams(t *testing.T) {
	for _, head := range []string{
		"200 OK\r\nContent-Type: text/html", "200 OK\r\nContent-Type: application/json", "200 OK",
		"206 Partial Content\r\nContent-Type: video/mp4", "302 Found\r\nLocation: /next", "404 Not Found\r\nContent-Type: text/plain",
	} {
		t.Run(head, func(t *testing.T) {
			arrived := make(chan bool)
			backend := proxytest.Start(t, func(r *proxytest.Request) {
				r.Send("HTTP/1.1 " + head + "\r\nContent-Length: 4\r\n\r\nab")
				<-arrived
				waitLonger(shortTimeout)
				r.Send("cd")
			})
			f := start(t, backend.URL, setup{rules: anywhere(t), options: shortTimeout})
			w := f.dial(t)
			w.send("GET /film HTTP/1.1\r\nHost: h\r\n\r\n")
			res := w.receive("GET")
			first := make([]byte, 2)
			if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != "ab" {
				t.Fatalf("the client read %q, %v first; want \"ab\"", first, err)
			}
			arrived <- true
			if rest, err := io.ReadAll(res.Body); err != nil || string(rest) != "cd" {
				t.Errorf("the client read %q, %v second; want \"cd\"", rest, err)
			}
		})
	}
}

// A token in the header is enriched, and so are its repeats in a text body.
func TestHeaderRule_TokenAndItsRepeatsAreEnriched(t *testing.T) {
	f, original := startIssuing(t, setup{rules: anywhere(t)}, func(token string) string {
		return answer("HTTP/1.1 200 OK\nContent-Type: text/html\nAuthorization: Bearer "+token, "<p>"+token+"</p>")
	})
	res, body := f.ask(t, "GET /page HTTP/1.1\r\nHost: h\r\n\r\n")
	token := strings.TrimPrefix(res.Header.Get("Authorization"), "Bearer ")
	if !f.isEnriched(t, token) || body != "<p>"+token+"</p>" {
		t.Errorf("Authorization = %q, body = %q; want the same enriched token twice, not %s", token, body, original)
	}
	if n := f.reason(t, enrich.OK); n != 1 {
		t.Errorf("ok was counted %d times, want 1", n)
	}
}

// A8: the client's Accept-Encoding reaches the backend if the body is read only for a
// token in the header.
func TestHeaderRule_ForwardsAcceptEncoding(t *testing.T) {
	for _, tt := range []struct {
		location, want string
	}{{"header:Authorization", "gzip, br"}, {"fragment:access_token", "gzip, br"}, {"form:access_token", "identity"}, {"json:access_token", "identity"}, {"body", "identity"}} {
		f, backend := startResponding(t, noContent, setup{rules: []proxy.Rule{rule(t, "/", tt.location)}})
		f.ask(t, "GET /page HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip, br\r\n\r\n")
		if got, _ := backend.Requests()[0].Get("Accept-Encoding"); got != tt.want {
			t.Errorf("rule with %s: the backend got Accept-Encoding: %s, want %s", tt.location, got, tt.want)
		}
	}
}

// G8: a rule for all paths is a gate for its headers alone, so that the whole backend
// still streams. A token in a header leaves only if it was accepted, whatever the status
// and the method.
func TestHeaderRule_GateLooksAtTheHeaderAlone(t *testing.T) {
	const token = "\nAuthorization: Bearer a.b.c"
	for _, tt := range []struct {
		method, head string
		reason       enrich.Reason
		refused      bool
	}{
		{"GET", "HTTP/1.1 200 OK" + token, enrich.OK, false},
		{"GET", "HTTP/1.1 200 OK" + token, enrich.NoDocument, false},
		{"GET", "HTTP/1.1 200 OK" + token, enrich.Unavailable, true},
		{"GET", "HTTP/1.1 200 OK" + token, enrich.BadToken, true},
		{"GET", "HTTP/1.1 206 Partial Content" + token, enrich.OK, true},
		{"GET", "HTTP/1.1 403 Forbidden" + token, enrich.Unavailable, false},
		{"GET", "HTTP/1.1 200 OK\nContent-Type: text/event-stream", enrich.Unavailable, false},
		{"GET", "HTTP/1.1 206 Partial Content\nContent-Range: bytes 0-1/9", enrich.Unavailable, false},
		{"GET", "HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: other", enrich.Unavailable, false},
	} {
		text := answer(tt.head, `{"token":"a.b.c"}`)
		all := gated(rule(t, "/", "header:Authorization"))
		f, backend := startResponding(t, text, newFakeEnricher(tt.reason).use(all, gated(rule(t, "POST /login", "json:access_token"))))
		res, body := f.ask(t, tt.method+" /film HTTP/1.1\r\nHost: h\r\nRange: bytes=0-1\r\n\r\n")
		if tt.refused {
			expectRefusal(t, f, res, body)
		} else if want, _, _ := strings.Cut(strings.TrimPrefix(tt.head, "HTTP/1.1 "), "\n"); res.Status != want || !strings.Contains(body, "a.b.c") {
			t.Errorf("%s with reason %s: the client got %s %q, want the response", tt.head, tt.reason, res.Status, body)
		}
		if got, _ := backend.Requests()[0].Get("Range"); got == "" {
			t.Errorf("%s: the backend got no Range, want that of the client", tt.head)
		}
	}
}

// A path that a lenient backend takes for that of another gate is still refused.
func TestHeaderRule_GateDoesNotHideOtherGates(t *testing.T) {
	all := gated(rule(t, "/", "header:Authorization"))
	f, _ := startResponding(t, twoTokens, newFakeEnricher(enrich.OK).use(all, gated(rule(t, "POST /login", "json:access_token"))))
	if res, _ := f.ask(t, strings.Replace(login, "/login", "/login/", 1)); res.StatusCode != 400 {
		t.Errorf("POST /login/: the client got %s, want 400", res.Status)
	}
}

// While the source fails, a rule for all paths does not take down the whole backend.
func TestHeaderRule_ForwardsRequestsWhileTheSourceFails(t *testing.T) {
	f, backend := startResponding(t, answer("HTTP/1.1 200 OK", "film"), setup{
		rules:    []proxy.Rule{refusing(gated(rule(t, "/", "header:Authorization")))},
		snapshot: func(s *proxy.Snapshot) { s.Failing = func() bool { return true } },
	})
	if res, body := f.ask(t, "GET /film HTTP/1.1\r\nHost: h\r\n\r\n"); res.StatusCode != 200 || body != "film" || len(backend.Requests()) != 1 {
		t.Errorf("the client got %s %q, want the response of the backend", res.Status, body)
	}
}

// G8: if the body cannot be searched, no token of the response is looked at, so the one in
// the header does not leave either.
func TestHeaderRule_GateRefusesATokenBesideABodyThatItCannotRead(t *testing.T) {
	for _, tt := range []struct{ name, head, body string }{
		{"over the limit", "text/html", strings.Repeat("x", 5000)},
		{"in an unknown coding", "text/html\nContent-Encoding: other", "x"},
		{"in a broken coding", "text/html\nContent-Encoding: gzip", "x"},
	} {
		for _, all := range []proxy.Rule{gated(rule(t, "/", "header:Authorization")), refusing(gated(rule(t, "/", "header:Authorization")))} {
			s := newFakeEnricher(enrich.OK).use(all)
			s.options = func(o *proxy.Options) { o.Limits.Body = 4 << 10 }
			f, _ := startResponding(t, answer("HTTP/1.1 200 OK\nAuthorization: Bearer "+issued+"\nContent-Type: "+tt.head, tt.body), s)
			res, body := f.ask(t, "GET /film HTTP/1.1\r\nHost: h\r\n\r\n")
			if res.StatusCode != 503 {
				t.Errorf("a body %s: the client got %s with %q, want 503", tt.name, res.Status, res.Header)
				continue
			}
			expectRefusal(t, f, res, body)
		}
	}
}

// G8: a token in the header of a response whose body is edited does not bypass the gate.
func TestHeaderRule_GateLooksAtEditedResponses(t *testing.T) {
	for _, tt := range []struct {
		reason enrich.Reason
		status int
	}{{enrich.OK, 200}, {enrich.BadToken, 503}} {
		s := newFakeEnricher(tt.reason).use(gated(rule(t, "/", "header:Authorization")))
		other := s.snapshot
		s.snapshot = func(snapshot *proxy.Snapshot) {
			other(snapshot)
			snapshot.ObjectPaths = []string{"/userinfo"}
		}
		f, _ := startResponding(t, answer("HTTP/1.1 200 OK\nContent-Type: application/json\nAuthorization: Bearer "+issued, `{"sub":"u1"}`), s)
		res, body := f.ask(t, "GET /userinfo HTTP/1.1\r\nHost: h\r\n\r\n")
		if res.StatusCode != tt.status {
			t.Errorf("reason %s: the client got %s with %q %s, want %d", tt.reason, res.Status, res.Header, body, tt.status)
		}
	}
}

// G3: until its header has arrived, any response may be without a token, so the proxy waits
// for it as long as the client does.
func TestHeaderRule_WaitsForOtherResponses(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		waitLonger(shortTimeout)
		r.Send(answer("HTTP/1.1 200 OK", "late"))
	})
	f := start(t, backend.URL, setup{rules: anywhere(t), options: shortTimeout})
	if res, body := f.ask(t, "GET /poll HTTP/1.1\r\nHost: h\r\n\r\n"); res.StatusCode != 200 || body != "late" {
		t.Errorf("the client got %s %q, want 200 late", res.Status, body)
	}
}

// G3: a body that is read for a token in the header must arrive in time.
func TestHeaderRule_BodyBesideATokenTimesOut(t *testing.T) {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.Send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nAuthorization: Bearer a.b.c\r\nContent-Length: 9\r\n\r\n<p>")
		r.WaitClosed()
	})
	f := start(t, backend.URL, setup{rules: anywhere(t), options: shortTimeout})
	if res, _ := f.ask(t, "GET /page HTTP/1.1\r\nHost: h\r\n\r\n"); res.StatusCode != 504 {
		t.Errorf("the client got %s, want 504", res.Status)
	}
}
