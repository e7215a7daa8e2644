package proxy_test

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// codings are what backends compress with, as Content-Encoding names it.
var codings = []struct {
	name, header string
	writer       func(io.Writer) io.WriteCloser
}{
	{"gzip", "gzip", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }},
	{"x-gzip", "X-GZIP", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }},
	{"deflate of zlib", "deflate", func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }},
	{"deflate, bare", "deflate", func(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, 9); return f }},
	{"br", "br", func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }},
	{"zstd", "zstd", func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z }},
	{"identity", "identity", func(w io.Writer) io.WriteCloser { return nopCloser{w} }},
	{"gzip, then br", "gzip, br", func(w io.Writer) io.WriteCloser {
		outer := brotli.NewWriter(w)
		return both{gzip.NewWriter(outer), outer}
	}},
	{"gzip, then zstd, in two lines", "gzip\nContent-Encoding: zstd", func(w io.Writer) io.WriteCloser {
		outer, _ := zstd.NewWriter(w)
		return both{gzip.NewWriter(outer), outer}
	}},
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// both closes the inner coding and then the outer.
type both struct {
	io.WriteCloser
	outer io.Closer
}

func (b both) Close() error {
	b.WriteCloser.Close()
	return b.outer.Close()
}

func compress(t testing.TB, writer func(io.Writer) io.WriteCloser, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := writer(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A8.
func TestDecode_EnrichedAnswersGoOutUncompressed(t *testing.T) {
	for _, coding := range codings {
		t.Run(coding.name, func(t *testing.T) {
			f, _ := startIssuing(t, setup{rules: logins(t)}, func(token string) string {
				return answer("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: "+coding.header,
					compress(t, coding.writer, `{ "access_token": "`+token+`" }`))
			})
			res, body := f.ask(t, login)
			token := between(t, body, `{ "access_token": "`, `" }`)
			if !f.isEnriched(t, token) || res.Header["Content-Encoding"] != nil || res.ContentLength != int64(len(body)) {
				t.Errorf("header %q, body %q", res.Header, body)
			}
		})
	}
}

// A8: many servers name a coding though they have nothing to encode.
func TestDecode_EmptyBodyOfARedirectIsEnriched(t *testing.T) {
	for _, coding := range codings {
		f, _ := startIssuing(t, setup{rules: []proxy.Rule{rule(t, "POST /login", "fragment:access_token")}}, func(token string) string {
			return answer("HTTP/1.1 302 Found\nContent-Type: text/html\nContent-Encoding: "+coding.header+"\nLocation: /#access_token="+token, "")
		})
		res, _ := f.ask(t, login)
		if !f.isEnriched(t, findToken(t, res.Header.Get("Location"))) || res.ContentLength != 0 {
			t.Errorf("%s: got %q, length %d", coding.name, res.Header, res.ContentLength)
		}
	}
}

// A8: "with a bound on what comes out".
func TestDecode_BombPassesAsItCameAndIsCountedOnce(t *testing.T) {
	for _, coding := range codings {
		t.Run(coding.name, func(t *testing.T) {
			matching := refusing(rule(t, "POST /login", "json:access_token"))
			sent := answer("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: "+coding.header,
				compress(t, coding.writer, `{"access_token":"`+strings.Repeat("0", 4<<20)+`"}`))
			f, _ := startResponding(t, sent, setup{rules: []proxy.Rule{matching}})
			res, body := f.ask(t, login)
			sameResponse(t, "POST", sent, res, body)
			if n := f.reason(t, enrich.TooLarge); n != 1 {
				t.Errorf("counted %d times", n)
			}
		})
	}
}

// A8: the bound is on memory, too.
func TestDecode_BombIsNotUnpackedInMemory(t *testing.T) {
	const size = 16 << 20
	bomb := strings.Repeat("0", size)
	for _, coding := range codings {
		if coding.name == "identity" {
			continue
		}
		sent := answer("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: "+coding.header, compress(t, coding.writer, bomb))
		f, _ := startResponding(t, sent, setup{
			rules:   logins(t),
			options: func(o *proxy.Options) { o.Limits.Body = 64 << 10 },
		})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f.ask(t, login)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > size {
			t.Errorf("%s: %d bytes in memory for a limit of 64 KiB", coding.name, took)
		}
	}
}

// A8: what cannot be unpacked is the client's business.
func TestDecode_BrokenCodingsPassAsTheyCame(t *testing.T) {
	tests := []struct{ name, coding, body string }{
		{"no gzip", "gzip", "plain"},
		{"half of a gzip", "gzip", gzipped(`{"access_token":"x"}`)[:20]},
		{"no zstd", "zstd", "plain"},
		{"no br", "br", "plain"},
		{"no deflate", "deflate", "\xff\xff"},
		{"unknown", "compress", "\x1f\x9d"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sent := answer("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: "+tt.coding, tt.body)
			f, _ := startResponding(t, sent, setup{rules: []proxy.Rule{refusing(rule(t, "POST /login", "json:access_token"))}})
			res, body := f.ask(t, login)
			sameResponse(t, "POST", sent, res, body)
		})
	}
}

// Fine print: "a response body over limits.body streams through under any
// policy, counted too_large once".
func TestBody_OverTheLimitStreamsThrough(t *testing.T) {
	for _, policy := range []enrich.Policy{enrich.Pass, enrich.Refuse} {
		matching := rule(t, "POST /login", "json:access_token", "json:id_token")
		matching.OnFailure = policy
		small := func(o *proxy.Options) { o.Limits.Body = 1000 }
		body := `{"pad":"` + strings.Repeat("x", 5000) + `","access_token":"a.b.c","id_token":"a.b.d"}`
		f, _ := startResponding(t, answer("HTTP/1.1 200 OK\nContent-Type: application/json\nETag: \"1\"", body), setup{rules: []proxy.Rule{matching}, options: small})
		res, got := f.ask(t, login)
		sameResponse(t, "POST", answer("HTTP/1.1 200 OK\nContent-Type: application/json\nETag: \"1\"", body), res, got)
		if n := f.reason(t, enrich.TooLarge); n != 1 {
			t.Errorf("%s: counted %d times", policy, n)
		}
	}
}

// The limit is the last size that is looked into.
func TestBody_OfTheLimitIsEnriched(t *testing.T) {
	size := 0
	f, _ := startIssuing(t, setup{
		rules:   logins(t),
		options: func(o *proxy.Options) { o.Limits.Body = 2000 },
	}, func(token string) string {
		body := `{"access_token":"` + token + `","pad":"`
		body += strings.Repeat("x", 2000-len(body)-2) + `"}`
		size = len(body)
		return answer("HTTP/1.1 200 OK\nContent-Type: application/json", body)
	})
	if _, body := f.ask(t, login); size != 2000 || !f.isEnriched(t, between(t, body, `:"`, `"`)) {
		t.Errorf("a body of %d bytes was not enriched", size)
	}
}

// A2, C1: where the body cannot be looked into, the cookie beside it stays too.
func TestDecode_TokenBesideAnOpaqueBodyStays(t *testing.T) {
	f, original := startIssuing(t, setup{rules: []proxy.Rule{rule(t, "POST /login", "json:access_token", "cookie:session")}}, func(token string) string {
		return answer("HTTP/1.1 200 OK\nContent-Type: application/json\nSet-Cookie: session="+token+"\nContent-Encoding: rot13", `{"access_token":"`+token+`"}`)
	})
	res, body := f.ask(t, login)
	if !strings.Contains(body, original) || !strings.Contains(res.Header.Get("Set-Cookie"), original) {
		t.Errorf("half of the response was enriched: %q %s", res.Header, body)
	}
}

// A body that is packed again and again takes long to unpack, however small.
func TestDecode_BodyPackedTooOftenPassesAsItCame(t *testing.T) {
	const packings = 5
	body := []byte(`{"access_token":"x"}`)
	for range packings {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		w.Write(body)
		w.Close()
		body = packed.Bytes()
	}
	head := "HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: gzip" + strings.Repeat(", gzip", packings-1)
	f, _ := startResponding(t, answer(head, string(body)), setup{rules: logins(t)})
	if _, got := f.ask(t, login); got != string(body) {
		t.Errorf("got %q", got)
	}
	if !strings.Contains(f.log.String(), "5 content codings") {
		t.Errorf("the log does not say why: %s", f.log)
	}
}

// G3, B4: of a body over the limit no more is taken in than shows that it is.
func TestBody_OverTheLimitIsNotReadToItsEnd(t *testing.T) {
	const limit = 1000
	small := func(o *proxy.Options) { o.Limits.Body = limit }
	over := strings.Repeat("x", limit+1)

	t.Run("of a response", func(t *testing.T) {
		arrived := make(chan bool)
		backend := proxytest.Start(t, func(r *proxytest.Request) {
			r.Send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1002\r\n\r\n" + over)
			<-arrived
			r.Send("y")
		})
		f := start(t, backend.URL, setup{rules: logins(t), options: small})
		defer close(arrived)
		w := f.dial(t)
		w.send(login)
		res := w.receive("POST")
		got := make([]byte, len(over))
		if _, err := io.ReadFull(res.Body, got); err != nil || string(got) != over || res.StatusCode != 200 {
			t.Errorf("while the backend holds the last byte: %s, %v", res.Status, err)
		}
	})
	t.Run("of a form without a length", func(t *testing.T) {
		arrived := make(chan string, 1)
		backend := proxytest.Start(t, func(r *proxytest.Request) { arrived <- r.Receive(limit) })
		f := start(t, backend.URL, setup{options: small})
		f.dial(t).send("POST / HTTP/1.1\r\nHost: h\r\n" + form + "\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + over + "\r\n")
		select {
		case <-arrived:
		case <-time.After(10 * time.Second):
			t.Error("while the client holds the last chunk, nothing reaches the backend")
		}
	})
}
