package http1

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestRead_Messages(t *testing.T) {
	for _, test := range []struct{ message, target, body string }{
		{"GET /bytes/9 HTTP/1.1\r\nHost: a\r\n\r\n", "/bytes/9", ""},
		{"POST /x HTTP/1.1\r\ncontent-LENGTH:  3 \r\n\r\nabc", "/x", "abc"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", "200", "abc0123456789"},
		{"HTTP/1.1 204 No Content\nConnection: close\n\n", "204", ""},
	} {
		var m Message
		err := m.Read(bufio.NewReader(strings.NewReader(test.message)))
		if err != nil || string(m.Target()) != test.target || string(m.Body) != test.body {
			t.Errorf("%q: target %q, body %q, error %v; want %q and %q", test.message, m.Target(), m.Body, err, test.target, test.body)
		}
		if want := strings.Contains(test.message, "close"); m.Close != want {
			t.Errorf("%q: Close is %v, want %v", test.message, m.Close, want)
		}
	}
}

func TestRead_ErrorsOfBadMessages(t *testing.T) {
	for message, want := range map[string]error{
		"":                                   io.EOF,
		"GET / HTTP/1.1\r\nHost: a\r\n":      io.ErrUnexpectedEOF,
		"GET / HTTP/1.1\r\nno colon\r\n\r\n": ErrMalformed,
		"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n":                    ErrMalformed,
		"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab":                   io.ErrUnexpectedEOF,
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n":       ErrMalformed,
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n": ErrMalformed,
	} {
		var m Message
		if err := m.Read(bufio.NewReader(strings.NewReader(message))); !errors.Is(err, want) {
			t.Errorf("%q: error %v, want %v", message, err, want)
		}
	}
}

// A Message is used again: nothing of the last one is left.
func TestRead_MessagesOfOneConnection(t *testing.T) {
	r := bufio.NewReader(strings.NewReader("A /1 HTTP/1.1\r\nContent-Length: 5\r\nConnection: close\r\n\r\nfirst" + "A /2 HTTP/1.1\r\n\r\n"))
	var m Message
	for _, want := range []string{"/1 first true", "/2  false"} {
		if err := m.Read(r); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%s %s %v", m.Target(), m.Body, m.Close); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
