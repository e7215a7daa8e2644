package http1_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/proxy/internal/http1"
)

const usual = "HTTP/1.1 200 OK\r\nDate: Mon, 30 Nov 2026 12:00:00 GMT\r\ncontent-type:application/json \r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n" +
	"X-Empty:\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok"

// Other heads are left to net/http: those with framing of their own, and those that are not quite right.
func TestParseHead_TakesUsualHeadsOnly(t *testing.T) {
	with := func(field string) string { return strings.Replace(usual, "X-Empty:", field, 1) }
	for text, want := range map[string]bool{
		usual: true, okay: true, "HTTP/1.1 500\r\nContent-Length: 0\r\n\r\n": true, with("X-Latin: \xe9\ta"): true,
		"":                                                          false,
		usual[:len(usual)-3]:                                        false, // the head is not complete
		strings.ReplaceAll(usual, "\r\n", "\n"):                     false,
		strings.Replace(usual, "1.1", "1.0", 1):                     false,
		strings.Replace(usual, "200", "204", 1):                     false,
		strings.Replace(usual, "200", "304", 1):                     false,
		strings.Replace(usual, "200", "103", 1):                     false,
		strings.Replace(usual, "200 OK", "20 OK", 1):                false,
		strings.Replace(usual, "200", "2000", 1):                    false,
		strings.Replace(usual, "Keep-Alive", "close", 1):            false,
		strings.Replace(usual, "Content-Length: 2\r\n", "", 1):      false,
		strings.Replace(usual, "h: 2", "h: +2", 1):                  false,
		strings.Replace(usual, "h: 2", "h: 2, 2", 1):                false,
		strings.Replace(usual, "h: 2", "h: 9999999999999999999", 1): false,
		with("Content-Length: 2"):                                   false,
		with("Content-Length: 3"):                                   false,
		with("Transfer-Encoding: chunked"):                          false,
		with("transfer-encoding: identity"):                         false,
		with("Trailer: A"):                                          false,
		with("Pragma: no-cache"):                                    false, // net/http adds Cache-Control
		with("Transfer-Encoding : chunked"):                         false,
		with("A: b\r\n c"):                                          false,
		with("A: b\nTransfer-Encoding: chunked"):                    false,
		with("A: b\rc"):                                             false,
		with("A: \x00"):                                             false,
		with("no colon"):                                            false,
		with(": no name"):                                           false,
		with("X\xe9: a"):                                            false,
		with(strings.Repeat("A: b\r\n", 64) + "A: b"):               false,
	} {
		if _, _, ok := http1.ParseHead([]byte(text)); ok != want {
			t.Errorf("%q: taken %t, want %t", text, ok, want)
		}
	}
}

// FuzzParseHead_ReadsAsNetHTTPDoes: a head that is taken is one to net/http too, and the same.
func FuzzParseHead_ReadsAsNetHTTPDoes(f *testing.F) {
	for _, text := range []string{
		usual, okay, "HTTP/1.1 200  two  spaces \r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 404 \r\nA:\t b\t\r\nContent-Length: 007\r\n\r\n",
		"HTTP/1.1 205 Reset\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 999 x\r\n-a--b: c\r\nCONTENT-LENGTH:1 \r\n\r\nx",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\nConnection: keep-alive\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\na: 3\r\nC: 4\r\nA: 5\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\nPragma: no-cache\r\n\r\nok",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, size, ok := http1.ParseHead(text)
		if !ok {
			t.Skip("left to net/http")
		}
		in := bufio.NewReaderSize(bytes.NewReader(text), len(text)+16)
		want, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("%q is taken, but net/http says %v", text, err)
		}
		rest, _ := io.ReadAll(in)
		if length := len(text) - len(rest); length != size {
			t.Errorf("the head of %q has %d bytes, want %d", text, size, length)
		}
		if got, want := describeHead(got), describeHead(want); got != want {
			t.Errorf("for %q\nnet/http has %s\nthis has     %s", text, want, got)
		}
	})
}

func describeHead(res *http.Response) string {
	return fmt.Sprintf("%s %q %d, length %d, close %t, coding %q, trailer %q, header %q", res.Proto, res.Status, res.StatusCode,
		res.ContentLength, res.Close, res.TransferEncoding, res.Trailer, sorted(res.Header))
}

// BenchmarkHead compares parseHead with what it replaces.
func BenchmarkHead(b *testing.B) {
	b.Run("net/http", func(b *testing.B) {
		b.ReportAllocs()
		source := strings.NewReader(usual)
		in := bufio.NewReader(source)
		for b.Loop() {
			source.Reset(usual)
			in.Reset(source)
			if _, err := http.ReadResponse(in, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parseHead", func(b *testing.B) {
		b.ReportAllocs()
		text := []byte(usual)
		for b.Loop() {
			if _, _, ok := http1.ParseHead(text); !ok {
				b.Fatal("not taken")
			}
		}
	})
}
