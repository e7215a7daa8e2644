package proxy_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// gatedElsewhere returns the rules of elsewhere as gates.
func gatedElsewhere(t testing.TB) []proxy.Rule {
	rules := elsewhere(t)
	for i := range rules {
		rules[i].Gate = true
	}
	return rules
}

// G8: a token that leaves by another door does not bypass the gate.
func TestElsewhere_GateRefusesWhatWasNotAccepted(t *testing.T) {
	page := strings.ReplaceAll(formPost, "TOKEN", issued)
	pad := strings.Repeat("x", 5000)
	for _, tt := range []struct{ name, method, answer string }{
		{"redirect", "GET", answer("HTTP/1.1 302 Found\nLocation: https://app/#access_token="+issued, "")},
		{"redirect of HEAD", "HEAD", "HTTP/1.1 302 Found\r\nLocation: https://app/#access_token=" + issued + "\r\n\r\n"},
		{"page", "GET", answer("HTTP/1.1 200 OK\nContent-Type: text/html", page)},
		{"page without a type", "GET", answer("HTTP/1.1 200 OK", page)},
		{"compressed page", "GET", answer("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: gzip", gzipped(page))},
		{"page in an unknown coding", "GET", answer("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: compress", page)},
		{"page in another charset", "GET", answer("HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-7", page)},
		{"page over the limit", "GET", answer("HTTP/1.1 200 OK\nContent-Type: text/html", "<form>"+pad+page)},
		{"page over the limit in chunks", "GET", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("<form>"+pad+page) + chunk("")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newFakeEnricher(enrich.NotOurs).use(gatedElsewhere(t)...)
			s.options = func(o *proxy.Options) { o.Limits.Body = 4 << 10 }
			f, _ := startResponding(t, tt.answer, s)
			res, body := f.ask(t, tt.method+" /approval HTTP/1.1\r\nHost: h\r\n\r\n")
			if tt.method == "HEAD" {
				if res.StatusCode != 503 || res.Header.Get("Location") != "" {
					t.Errorf("got %s with %q, want 503 without a Location", res.Status, res.Header)
				}
				return
			}
			expectRefusal(t, f, res, body)
		})
	}
}

// G8: everything else passes.
func TestElsewhere_GateLetsOtherResponsesPass(t *testing.T) {
	login := `<form method="post"><input type="hidden" name="csrf" value="` + issued + `"><input name="user"></form>`
	for _, tt := range []struct{ name, answer string }{
		{"accepted redirect", answer("HTTP/1.1 302 Found\nLocation: https://app/#access_token="+issued, "")},
		{"accepted page", answer("HTTP/1.1 200 OK\nContent-Type: text/html", strings.ReplaceAll(formPost, "TOKEN", issued))},
		{"login page", answer("HTTP/1.1 200 OK\nContent-Type: text/html\nSet-Cookie: s="+issued, login)},
		{"compressed login page", answer("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: gzip\nSet-Cookie: s="+issued, gzipped(login))},
		{"large page without a form", answer("HTTP/1.1 200 OK\nContent-Type: text/html", strings.Repeat("<p>", 2000))},
		{"an error", answer("HTTP/1.1 400 Bad Request\nContent-Type: text/html", login)},
		{"a picture without a type", answer("HTTP/1.1 200 OK", "\x89PNG"+issued)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newFakeEnricher(enrich.OK).use(gatedElsewhere(t)...)
			s.options = func(o *proxy.Options) { o.Limits.Body = 4 << 10 }
			f, _ := startResponding(t, tt.answer, s)
			res, body := f.ask(t, "GET /approval HTTP/1.1\r\nHost: h\r\n\r\n")
			sameResponse(t, "GET", tt.answer, res, body)
		})
	}
}

// G8: a client cannot ask for a part of a page.
func TestElsewhere_GateAsksForWholePages(t *testing.T) {
	for name, rules := range map[string][]proxy.Rule{"": gatedElsewhere(t), "bytes=9-": elsewhere(t)} {
		f, backend := startResponding(t, noContent, newFakeEnricher(enrich.OK).use(rules...))
		f.ask(t, "GET /approval HTTP/1.1\r\nHost: h\r\nRange: bytes=9-\r\n\r\n")
		if got, _ := backend.Requests()[0].Get("Range"); got != name {
			t.Errorf("the backend got Range: %q, want %q", got, name)
		}
	}
}

// G8: a gate waits for the end of a page, so that nothing in it leaves before.
func TestElsewhere_GateAwaitsTheEndOfAPage(t *testing.T) {
	t.Parallel()
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		r.Send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("<p>wait"))
		time.Sleep(1200 * time.Millisecond)
		r.Send(chunk(strings.ReplaceAll(formPost, "TOKEN", issued)) + chunk(""))
	})
	f := start(t, backend.URL, newFakeEnricher(enrich.BadToken).use(gatedElsewhere(t)...))
	res, body := f.ask(t, "GET /approval HTTP/1.1\r\nHost: h\r\n\r\n")
	expectRefusal(t, f, res, body)
}

// Memory that is used up lets a page pass as it is, and a gate refuse it.
func TestElsewhere_PageWithoutMemory(t *testing.T) {
	page := answer("HTTP/1.1 200 OK\nContent-Type: text/html", strings.ReplaceAll(formPost, "TOKEN", issued))
	for _, rules := range [][]proxy.Rule{elsewhere(t), gatedElsewhere(t)} {
		s := newFakeEnricher(enrich.BadToken).use(rules...)
		s.options = func(o *proxy.Options) {
			o.Memory, o.Responses = noLarge{o.Memory, new(bool)}, nothing{}
		}
		f, _ := startResponding(t, page, s)
		res, body := f.ask(t, "GET /approval HTTP/1.1\r\nHost: h\r\n\r\n")
		if rules[0].Gate {
			expectRefusal(t, f, res, body)
			continue
		}
		sameResponse(t, "GET", page, res, body)
	}
}

// noLarge is a Memory that has room for a request, and for no other large buffer.
type noLarge struct {
	proxy.Memory
	used *bool
}

func (m noLarge) TakeLarge(n int64) bool {
	if *m.used {
		return false
	}
	*m.used = true
	return m.Memory.TakeLarge(n)
}

// nothing is a Queue that never has anything.
type nothing struct{}

func (nothing) Acquire(context.Context, int64) error { return errors.New("nothing is left") }
func (nothing) Release(int64)                        {}
