package connlimit

import (
	"strings"
	"testing"
)

func TestHeader_CountsLinesUntilTheEnd(t *testing.T) {
	for _, test := range []struct {
		name, text string
		later      bool
		want       header
	}{
		{name: "a whole header", text: "GET / HTTP/1.1\r\nHost: h\r\n\r\nbody\nbody", want: header{whole: true, lines: 2, bytes: 27}},
		{name: "bare LF", text: "GET / HTTP/1.1\nHost: h\n\nbody", want: header{whole: true, lines: 2, bytes: 24}},
		{name: "an empty line first", text: "\r\nGET / HTTP/1.1\r\nA:\r\n", want: header{lines: 2, bytes: 22}},
		{name: "a CR within a line", text: "A\r\r\n\rB\r\n", want: header{lines: 2, bytes: 8}},
		{name: "no end", text: "GET / HTTP/1.1\r\nX: yyy", want: header{lines: 1, bytes: 22}},
		{name: "the preface", text: preface + "anything", want: header{http2: true}},
		{name: "the preface later", text: preface, later: true, want: header{whole: true, lines: 1, bytes: 18}},
		{name: "almost the preface", text: "PRI * HTTP/2.0\r\nX: y\r\n\r\nSM\r\n\r\n", want: header{whole: true, lines: 2, bytes: 24}},
	} {
		for size := 1; size <= len(test.text); size++ {
			h := header{later: test.later}
			for text := test.text; text != "" && !h.isRead(); text = text[min(size, len(text)):] {
				h.read([]byte(text[:min(size, len(text))]))
			}
			got := header{whole: h.whole, lines: h.lines, bytes: h.bytes, http2: h.http2}
			if h.http2 {
				got.bytes, got.lines, got.whole = 0, 0, false
			}
			if got != test.want {
				t.Errorf("%s in pieces of %d: got %+v, want %+v", test.name, size, got, test.want)
			}
		}
	}
}

// An HTTP/2 connection that does not count as one would use more memory than it has taken.
func TestConn_KnowsHTTP2ByAPrefaceInParts(t *testing.T) {
	for cut := range preface {
		c := newWatched(t).conn
		for _, part := range []string{preface[:cut], preface[cut:]} {
			if !c.reading.Load() {
				t.Errorf("cut after %d bytes: the rest is not looked at", cut)
			}
			if err := c.account([]byte(part)); err != nil {
				t.Fatal(err)
			}
		}
		if !c.http2.Load() || c.reading.Load() {
			t.Errorf("cut after %d bytes: HTTP/2 is %t, and its header is read %t, want true and false", cut, c.http2.Load(), c.reading.Load())
		}
	}
}

func TestHeader_CostsMoreForMoreLines(t *testing.T) {
	cost := func(text string, encrypted bool) int64 {
		h := header{encrypted: encrypted}
		h.read([]byte(text))
		return h.cost()
	}
	usual := "GET / HTTP/1.1\r\n" + strings.Repeat("Some-Header: some value\r\n", 30)
	if got := cost(usual, false); got != 0 {
		t.Errorf("a usual header costs %d bytes, want 0: it is part of Cost", got)
	}
	if got := cost(usual, true); got != 0 {
		t.Errorf("a usual header over TLS costs %d bytes, want 0", got)
	}
	long := cost("X: "+strings.Repeat("x", 30_000), false)
	tiny := cost(strings.Repeat("a:\n", 10_000), false)
	if long < 25_000 || long > 35_000 || tiny < 50*long {
		t.Errorf("30 KB cost %d bytes as one line and %d as 10,000 lines; want about 30,000, and at least 50 times that", long, tiny)
	}
	if tls := cost(strings.Repeat("a:\n", 10_000), true); tls < 5*long {
		t.Errorf("30 KB over TLS cost %d bytes, want at least 5 times the %d of one line", tls, long)
	}
}
