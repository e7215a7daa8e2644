package pasted_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/pasted"
)

// shown returns an input in one line: its token, or the status, the header and the body of
// each response.
func shown(in pasted.Input) string {
	if in.Token != "" {
		return in.Token
	}
	var texts []string
	for _, r := range in.Responses {
		texts = append(texts, fmt.Sprintf("%d %v %q", r.Status, map[string][]string(r.Header), r.Body))
	}
	return strings.Join(texts, " | ")
}

func TestParse_RecognizesWhatPeopleHave(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"a token", "a.b.c\n", "a.b.c"},
		{"the first of two lines", "\n  a.b.c \r\nd.e.f\n", "a.b.c"},
		{"a byte order mark", "\ufeffa.b.c", "a.b.c"},
		{"a byte order mark before JSON", "\ufeff{\n}", `200 map[Content-Type:[application/json]] "{\n}"`},
		{"UTF-16 of Windows", "\xff\xfea\x00.\x00b\x00.\x00c\x00\r\x00\n\x00", "a.b.c"},
		{"UTF-16, big endian", "\xfe\xff\x00{\x00}", `200 map[Content-Type:[application/json]] "{}"`},
		{"Bearer", "Bearer a.b.c", "a.b.c"},
		{"another scheme", "JWT  a.b.c\n", "a.b.c"},
		{"a header of a request", "authorization: bearer a.b.c\r\n", "a.b.c"},
		{"an object", ` {"t":"a.b.c"}` + "\n", `200 map[Content-Type:[application/json]] "{\"t\":\"a.b.c\"}\n"`},
		{"an array", `["a"]`, `200 map[Content-Type:[application/json]] "[\"a\"]"`},
		{"a JSON string", `"a.b.c"`, `200 map[Content-Type:[application/json]] "\"a.b.c\""`},
		{"a prefix against hijacking", ")]}'\n{}", `200 map[Content-Type:[application/json]] ")]}'\n{}"`},
		{"a page", "<!DOCTYPE html><p>", `200 map[Content-Type:[text/html; charset=utf-8]] "<!DOCTYPE html><p>"`},
		{"an address", "https://app.example/cb#access_token=a.b.c\n", `302 map[Location:[https://app.example/cb#access_token=a.b.c]] ""`},
		{"an address of an app", "com.app:/cb?t=a.b.c", `302 map[Location:[com.app:/cb?t=a.b.c]] ""`},
		{"a response", "HTTP/1.1 200 OK\r\nA: b\r\n\r\n{}", `200 map[A:[b]] "{}"`},
		{"LF", "HTTP/1.1 200 OK\nA: b\na:  c \n\nx\ny\n", `200 map[A:[b c]] "x\ny\n"`},
		{"HTTP/2", "HTTP/2 204 \r\nset-cookie: s=a.b.c; Path=/\r\n\r\n", `204 map[Set-Cookie:[s=a.b.c; Path=/]] ""`},
		{"a head without a body", "HTTP/1.1 302 Found\nLocation: /x", `302 map[Location:[/x]] ""`},
		{"no header", "HTTP/1.0 200\n\nbody", `200 map[] "body"`},
		{"header lines alone", "Set-Cookie: s=a.b.c\nX-Y: z\n", `200 map[Set-Cookie:[s=a.b.c] X-Y:[z]] ""`},
		{"a long line in two", "HTTP/1.1 200 OK\nA: b\n c\n\n", `200 map[A:[b c]] ""`},
		{"100 Continue", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n{}", `100 map[] "" | 200 map[A:[b]] "{}"`},
		{"a proxy", "HTTP/1.1 200 Connection established\r\n\r\nHTTP/2 200 \r\na: b\r\n\r\n{}", `200 map[] "" | 200 map[A:[b]] "{}"`},
		{"a redirect, whose body has no line break", "HTTP/2 302 \r\nlocation: /b\r\ncontent-length: 5\r\n\r\nFoundHTTP/2 200 \r\na: b\r\n\r\n{}", `302 map[Content-Length:[5] Location:[/b]] "Found" | 200 map[A:[b]] "{}"`},
		{"a redirect without a length", "HTTP/2 302 \nlocation: /b\n\nFound\nHTTP/2 200 \na: b\n\n{}\n", "302 map[Location:[/b]] \"Found\\n\" | 200 map[A:[b]] \"{}\\n\""},
		{"a body that quotes a response", "HTTP/1.1 200 OK\nContent-Length: 29\n\nHTTP/1.1 500 Error\nA: b\n\n{x}z\n", `200 map[Content-Length:[29]] "HTTP/1.1 500 Error\nA: b\n\n{x}z"`},
		{"a line break that a shell added", "HTTP/1.1 200 OK\nContent-Length: 2\n\n{}\n\n", `200 map[Content-Length:[2]] "{}"`},
		{"a body that curl decompressed", "HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 9\nTransfer-Encoding: chunked\n\n{\"a\":\"bcdefghijk\"}", `200 map[Content-Length:[9]] "{\"a\":\"bcdefghijk\"}"`},
		{"a compressed body", "HTTP/1.1 200 OK\nContent-Encoding: gzip\n\n\x1f\x8b\x08\xff", `200 map[Content-Encoding:[gzip]] "\x1f\x8b\b\xff"`},
	} {
		in, err := pasted.Parse([]byte(tt.text))
		if got := shown(in); err != nil || got != tt.want {
			t.Errorf("%s: Parse(%q) = %s, %v; want %s", tt.name, tt.text, got, err, tt.want)
		}
	}
}

func TestParse_SaysWhichLineIsWrong(t *testing.T) {
	const secret = "s3cret"
	for _, tt := range []struct{ text, want string }{
		{" \n", pasted.ErrEmpty.Error()},
		{"* Connected to localhost\n> GET / HTTP/1.1\n", "curl -v"},
		{"> GET / HTTP/1.1\n", "curl -v"},
		{"HTTP/1.1 200 OK\n< A: b\n", "curl -v"},
		{"HTTP/1.1 200 OK\nA: b\n" + secret + "\n", "line 3 is not a line of a header"},
		{"HTTP/1.1 302 Found\nLocation: /x\n\nFound\nHTTP/1.1 200 OK\nA: b\n" + secret + "\n", "line 7 is not a line of a header"},
		{"POST /login?password=" + secret + " HTTP/1.1\r\nHost: x\r\n\r\n", "this is a request"},
		{"HTTP/1.1 200 OK\nA: b\n" + strings.Repeat(" "+secret+"\n", 700_000), "line 10002: the header has more than 10000 lines"},
		{strings.Repeat("HTTP/1.1 100 Continue\n\n", 200), "more than 128 responses"},
	} {
		in, err := pasted.Parse([]byte(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), secret) {
			t.Errorf("Parse(%.60q) = %s, %v; want the error %q, without the text", tt.text, shown(in), err, tt.want)
		}
	}
}

func TestIsLine_IsTrueForTokensOnly(t *testing.T) {
	for line, want := range map[string]bool{
		"a.b.c": true, "Bearer a.b.c\n": true, "Authorization: Bearer a.b.c": true,
		"\ufeffa.b.c\r\n": true, "\ufeff{\r\n": false, "\ufeffHTTP/1.1 200 OK\r\n": false, "\xff\xfea\x00\n": false, "\ufeff": false,
		"": false, " \n": false, `{"a":`: false, "<html>": false, "HTTP/1.1 200 OK\r\n": false, "Set-Cookie: a=b\n": false, "* Connected\n": false,
	} {
		if got := pasted.IsLine(line); got != want {
			t.Errorf("IsLine(%q) = %v, want %v", line, got, want)
		}
	}
}

// No input makes Parse panic or lose more than line breaks: each response has a part of it.
func FuzzParse(f *testing.F) {
	f.Add("HTTP/2 302 \r\nlocation: /b\r\n\r\nFoundHTTP/2 200 \r\na: b\r\n\r\n{}")
	f.Add("Bearer a.b.c")
	f.Add("\xff\xfea\x00.\x00b")
	f.Add("HTTP/1.1 200 OK\nContent-Length: 99999999999999999999\n\nHTTP/1.1 200 OK\nContent-Length: -1\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		in, err := pasted.Parse([]byte(text))
		length := len(in.Token)
		for _, r := range in.Responses {
			length += len(r.Body)
		}
		if length > 2*len(text) { // UTF-8 can be longer than UTF-16
			t.Errorf("Parse(%q) has %d bytes of bodies and tokens, want at most twice as many as %d", text, length, len(text))
		}
		if empty := in.Token == "" && len(in.Responses) == 0; err == nil && empty {
			t.Errorf("Parse(%q) has no error, and neither a token nor responses", text)
		}
	})
}
