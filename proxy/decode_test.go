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

// codings are the content codings of backends. header is the Content-Encoding.
var codings = []struct {
	name, header string
	writer       func(io.Writer) io.WriteCloser
}{
	{"gzip", "gzip", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }},
	{"x-gzip", "X-GZIP", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }},
	{"deflate of zlib", "deflate", func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }},
	{"raw deflate", "deflate", func(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, 9); return f }},
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

// both closes the inner coding and then the outer one.
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
func TestDecode_EnrichedResponseIsUncompressed(t *testing.T) {
	for _, coding := range codings {
		t.Run(coding.name, func(t *testing.T) {
			f, _ := startIssuing(t, setup{rules: logins(t)}, func(token string) string {
				return answer("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: "+coding.header,
					compress(t, coding.writer, `{ "access_token": "`+token+`" }`))
			})
			res, body := f.ask(t, login)
			token := between(t, body, `{ "access_token": "`, `" }`)
			if !f.isEnriched(t, token) || res.Header["Content-Encoding"] != nil || res.ContentLength != int64(len(body)) {
				t.Errorf("got header %q, body %q; want an enriched token, no Content-Encoding and the right Content-Length", res.Header, body)
			}
		})
	}
}

// A8: many servers send a Content-Encoding with an empty body.
func TestDecode_RedirectWithAnEmptyBodyIsEnriched(t *testing.T) {
	for _, coding := range codings {
		f, _ := startIssuing(t, setup{rules: []proxy.Rule{rule(t, "POST /login", "fragment:access_token")}}, func(token string) string {
			return answer("HTTP/1.1 302 Found\nContent-Type: text/html\nContent-Encoding: "+coding.header+"\nLocation: /#access_token="+token, "")
		})
		res, _ := f.ask(t, login)
		if !f.isEnriched(t, findToken(t, res.Header.Get("Location"))) || res.ContentLength != 0 {
			t.Errorf("%s: got header %q, length %d; want an enriched token and length 0", coding.name, res.Header, res.ContentLength)
		}
	}
}

// A8: a small body that decompresses to a huge one.
func TestDecode_BombIsForwardedUnchangedAndCountedOnce(t *testing.T) {
	for _, coding := range codings {
		t.Run(coding.name, func(t *testing.T) {
			matching := refusing(rule(t, "POST /login", "json:access_token"))
			sent := answer("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: "+coding.header,
				compress(t, coding.writer, `{"access_token":"`+strings.Repeat("0", 4<<20)+`"}`))
			f, _ := startResponding(t, sent, setup{rules: []proxy.Rule{matching}})
			res, body := f.ask(t, login)
			sameResponse(t, "POST", sent, res, body)
			if n := f.reason(t, enrich.TooLarge); n != 1 {
				t.Errorf("too_large was counted %d times, want 1", n)
			}
		})
	}
}

// A8: the limit also applies to memory.
func TestDecode_BombUsesLittleMemory(t *testing.T) {
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
		if used := after.TotalAlloc - before.TotalAlloc; used > size {
			t.Errorf("%s: allocated %d bytes, want at most %d for limits.body 64 KiB", coding.name, used, size)
		}
	}
}

// A8: the client decides what to do with a body that cannot be decompressed.
func TestDecode_InvalidBodiesAreForwardedUnchanged(t *testing.T) {
	tests := []struct{ name, coding, body string }{
		{"invalid gzip", "gzip", "plain"},
		{"incomplete gzip", "gzip", gzipped(`{"access_token":"x"}`)[:20]},
		{"invalid zstd", "zstd", "plain"},
		{"invalid br", "br", "plain"},
		{"invalid deflate", "deflate", "\xff\xff"},
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

// A response larger than limits.body streams through under any policy, and is counted
// too_large once.
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
			t.Errorf("%s: too_large was counted %d times, want 1", policy, n)
		}
	}
}

func TestBody_OfExactlyTheLimitIsEnriched(t *testing.T) {
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
		t.Errorf("a body of %d bytes was not enriched, want it enriched at a limit of 2000", size)
	}
}

// A2, C1: all tokens of a response are enriched or none. The body cannot be searched for
// tokens, so the cookie must not be enriched.
func TestDecode_CookieIsNotEnrichedIfTheBodyCannotBeDecoded(t *testing.T) {
	f, original := startIssuing(t, setup{rules: []proxy.Rule{rule(t, "POST /login", "json:access_token", "cookie:session")}}, func(token string) string {
		return answer("HTTP/1.1 200 OK\nContent-Type: application/json\nSet-Cookie: session="+token+"\nContent-Encoding: rot13", `{"access_token":"`+token+`"}`)
	})
	res, body := f.ask(t, login)
	if !strings.Contains(body, original) || !strings.Contains(res.Header.Get("Set-Cookie"), original) {
		t.Errorf("got header %q, body %s; want the original token in both", res.Header, body)
	}
}

// A small body with many nested codings takes long to decompress.
func TestDecode_BodyWithTooManyCodingsIsForwardedUnchanged(t *testing.T) {
	const codings = 5
	body := []byte(`{"access_token":"x"}`)
	for range codings {
		var compressed bytes.Buffer
		w := gzip.NewWriter(&compressed)
		w.Write(body)
		w.Close()
		body = compressed.Bytes()
	}
	head := "HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: gzip" + strings.Repeat(", gzip", codings-1)
	f, _ := startResponding(t, answer(head, string(body)), setup{rules: logins(t)})
	if _, got := f.ask(t, login); got != string(body) {
		t.Errorf("body = %q, want %q", got, body)
	}
	if !strings.Contains(f.log.String(), "5 content codings") {
		t.Errorf("log:\n%s\nwant \"5 content codings\" in it", f.log)
	}
}

// G3, B4: the proxy reads only one byte more than the limit into memory.
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
			t.Errorf("before the backend sent the last byte: got %s, %v; want 200 and the other bytes", res.Status, err)
		}
	})
	t.Run("of a form without a length", func(t *testing.T) {
		arrived := make(chan string, 1)
		backend := proxytest.Start(t, func(r *proxytest.Request) { arrived <- r.Receive(limit) })
		f := start(t, backend.URL, setup{options: small})
		f.dial(t).send("POST / HTTP/1.1\r\nHost: h\r\n" + form + "\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + over + "\r\n")
		select {
		case <-arrived:
		case <-time.After(patience):
			t.Errorf("before the client sent the last chunk: nothing reached the backend within %v, want the other bytes", patience)
		}
	})
}
