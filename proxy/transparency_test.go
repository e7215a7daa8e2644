package proxy_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/proxy"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// sameResponse checks that the client got the response that the backend sent. It ignores
// the text after the status, which has no meaning (RFC 9112, section 4), because net/http
// writes its own.
func sameResponse(t *testing.T, method, sent string, got *http.Response, gotBody string) {
	t.Helper()
	want, err := http.ReadResponse(bufio.NewReader(strings.NewReader(sent)), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(want.Body)
	if got.StatusCode != want.StatusCode || gotBody != string(body) {
		t.Errorf("got %s with body %q, want %s with %q", got.Status, gotBody, want.Status, body)
	}
	if !reflect.DeepEqual(got.Header, want.Header) {
		t.Errorf("got header %q\nwant      %q", got.Header, want.Header)
	}
	if got.ContentLength != want.ContentLength || !reflect.DeepEqual(got.TransferEncoding, want.TransferEncoding) {
		t.Errorf("got length %d and Transfer-Encoding %q, want %d and %q", got.ContentLength, got.TransferEncoding, want.ContentLength, want.TransferEncoding)
	}
	if !reflect.DeepEqual(got.Trailer, want.Trailer) {
		t.Errorf("got trailer %q, want %q", got.Trailer, want.Trailer)
	}
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

// responses are responses of backends, byte for byte.
var responses = []struct{ name, method, text string }{
	{"JSON", "POST", answer("HTTP/1.1 200 OK\nContent-Type: application/json\nDate: Mon, 01 Jan 2024 00:00:00 GMT", "{ \"b\":1.0, \"a\" : 9007199254740993 }\n")},
	{"no Date, no Content-Type, no Server", "POST", answer("HTTP/1.1 200 OK", "<html>not to be guessed")},
	{"its own Date, Server, Via", "POST", answer("HTTP/1.1 200 OK\nDate: yesterday\nServer: Apache/1.3\nVia: 1.0 old", "x")},
	{"many Set-Cookie", "POST", answer("HTTP/1.1 200 OK\nSet-Cookie: a=1; Path=/; HttpOnly\nSet-Cookie: b=\"2\"; Expires=Wed, 21 Oct 2015 07:28:00 GMT; SameSite=None; Secure\nSet-Cookie: a=3", "x")},
	{"gzip", "POST", answer("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Encoding: gzip\nETag: \"e\"", gzipped(`{"none":"here"}`))},
	{"headers that describe the body", "POST", answer("HTTP/1.1 200 OK\nContent-Type: application/json\nETag: W/\"1\"\nDigest: sha-256=x\nContent-Digest: sha-256=:x:\nRepr-Digest: sha-256=:x:\nContent-MD5: x\nAccept-Ranges: bytes\nSignature: sig1=:x:\nSignature-Input: sig1=()", "{}")},
	{"chunked", "POST", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"},
	{"chunked, empty", "POST", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{"chunked with trailers", "POST", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\n{}\r\n0\r\nX-Sum: 7\r\n\r\n"},
	{"empty", "POST", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
	{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1234\r\n\r\n"},
	{"HEAD without a length", "HEAD", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"},
	{"204", "POST", "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n"},
	{"304", "GET", "HTTP/1.1 304 Not Modified\r\nEtag: \"e\"\r\n\r\n"},
	{"206", "GET", answer("HTTP/1.1 206 Partial Content\nContent-Type: application/json\nContent-Range: bytes 0-1/2", "{}")},
	{"401 with its own challenge", "POST", answer("HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Bearer error=\"invalid_token\"\nContent-Type: application/json", "{}")},
	{"redirect", "GET", answer("HTTP/1.1 302 Found\nLocation: /next?a=1|2#b", "")},
	{"an unknown status", "POST", answer("HTTP/1.1 799 Whatever", "x")},
}

// A1, A7.
func TestTransparency_UnmatchedResponsesAreUnchanged(t *testing.T) {
	for _, tt := range responses {
		t.Run(tt.name, func(t *testing.T) {
			f, _ := startResponding(t, tt.text, setup{rules: logins(t)})
			res, body := f.ask(t, tt.method+" /other HTTP/1.1\r\nHost: h\r\n\r\n")
			sameResponse(t, tt.method, tt.text, res, body)
		})
	}
}

// A1.
func TestTransparency_MatchedResponsesWithoutTokensAreUnchanged(t *testing.T) {
	for _, tt := range responses {
		t.Run(tt.name, func(t *testing.T) {
			matching := rule(t, "/login", "json:access_token", "cookie:token", "fragment:access_token", "form:t", "header:X-Token")
			f, _ := startResponding(t, tt.text, setup{rules: []proxy.Rule{refusing(matching)}})
			res, body := f.ask(t, tt.method+" /login HTTP/1.1\r\nHost: h\r\n\r\n")
			sameResponse(t, tt.method, tt.text, res, body)
		})
	}
}

// B2.
func TestEnriched_OnlyAtThePlaceThatTheRuleNames(t *testing.T) {
	tests := []struct{ name, method, path, head, body string }{
		{"another path", "POST", "/login/x", "200 OK\nContent-Type: application/json", `{"access_token":"%s"}`},
		{"another method", "PUT", "/login", "200 OK\nContent-Type: application/json", `{"access_token":"%s"}`},
		{"another member", "POST", "/login", "200 OK\nContent-Type: application/json", `{"token":"%s"}`},
		{"a refresh token", "POST", "/login", "200 OK\nContent-Type: application/json", `{"refresh_token":"%s"}`},
		{"JSON after other text", "POST", "/login", "200 OK\nContent-Type: text/plain", `ok: {"access_token":"%s"}`},
		{"JSON in a page", "POST", "/login", "200 OK\nContent-Type: text/html", `<script>{"access_token":"%s"}</script>`},
		{"JSON in an event stream", "POST", "/login", "200 OK\nContent-Type: text/event-stream", `{"access_token":"%s"}`},
		{"an error", "POST", "/login", "400 Bad Request\nContent-Type: application/json", `{"access_token":"%s"}`},
		{"a partial response", "POST", "/login", "206 Partial Content\nContent-Type: application/json", `{"access_token":"%s"}`},
		{"invalid JSON", "POST", "/login", "200 OK\nContent-Type: application/json", `{"access_token":"%s"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var sent string
			backend := proxytest.Start(t, func(r *proxytest.Request) { r.Send(sent) })
			f := start(t, backend.URL, setup{rules: []proxy.Rule{rule(t, "POST /login", "json:access_token", "json:refresh_token")}})
			sent = answer("HTTP/1.1 "+tt.head, fmt.Sprintf(tt.body, f.token("")))
			res, body := f.ask(t, tt.method+" "+tt.path+" HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
			sameResponse(t, tt.method, sent, res, body)
			if n := f.reason(t, enrich.OK); n != 0 {
				t.Errorf("ok was counted %d times, want 0", n)
			}
		})
	}
}

// A1: responses are streamed.
func TestTransparency_FirstByteArrivesBeforeTheBackendSendsTheRest(t *testing.T) {
	tests := []struct{ name, head, first, rest string }{
		{"with a length", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", "ab", "cd"},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "2\r\nab\r\n", "2\r\ncd\r\n0\r\n\r\n"},
		{"events", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n", "2\r\nab\r\n", "2\r\ncd\r\n0\r\n\r\n"},
	}
	for _, tt := range tests {
		for _, path := range []string{"/other", "/login"} {
			if path == "/login" && tt.name != "events" {
				continue // may have tokens, so the proxy reads it completely first
			}
			t.Run(tt.name+path, func(t *testing.T) {
				arrived := make(chan bool)
				backend := proxytest.Start(t, func(r *proxytest.Request) {
					r.Send(tt.head)
					<-arrived // the client has the header before the body is sent
					r.Send(tt.first)
					<-arrived
					r.Send(tt.rest)
				})
				f := start(t, backend.URL, setup{rules: []proxy.Rule{rule(t, "GET /login", "json:access_token", "body", "cookie:t")}})
				w := f.dial(t)
				w.send("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n")
				res := w.receive("GET")
				arrived <- true
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
}
