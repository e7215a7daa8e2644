package proxy_test

import (
	"bytes"
	"io"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/tokengraft/tokengraft/enrich"
)

// askHTTP2 sends a POST over HTTP/2 with any :path. It returns the status of the response, or
// reset.
func (f *fixture) askHTTP2(t *testing.T, path string) (status string) {
	t.Helper()
	conn := f.dial(t)
	conn.send(http2.ClientPreface)
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":authority", "h"}, {":path", path}} {
		encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
	}
	framer := http2.NewFramer(conn, conn.in)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	framer.WriteSettings()
	framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true})
	for {
		switch frame, err := framer.ReadFrame(); frame := frame.(type) {
		case *http2.MetaHeadersFrame:
			return frame.PseudoValue("status")
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			return "reset"
		case nil:
			if err != io.EOF {
				t.Errorf("%q: %v", path, err)
			}
			return "reset"
		}
	}
}

// Over HTTP/2 a target can have any bytes. Some servers take only what is before a space for
// the target (http.server of Python), so such a target could also pass a gate.
func TestTarget_WithASpaceOrAControlCharacterNeverReachesTheBackend(t *testing.T) {
	f, backend := startResponding(t, answer("HTTP/1.1 200 OK", issued), newFakeEnricher(enrich.OK).use(spellingRules(t)...))
	for _, path := range []string{
		"/oauth/token HTTP/1.1", "/oauth/token ?a", "/Other b", "/Other ", " /Other", "/Other?b c", "/Other?b HTTP/1.1", "//Other b", "http://h/Other b", "http://h/?a b", "*  ",
		"/Other\x00", "/Other\tb", "/Other?\x7f", "/Other?\nb", "/Other HTTP/1.1\r\nX: y\r\n\r\n", "/Other?\r\n\r\nGET / HTTP/1.1",
	} {
		if got := f.askHTTP2(t, path); got != "400" && got != "reset" {
			t.Errorf("%q: got %s, want 400 or a reset", path, got)
		}
		for _, r := range backend.Requests() {
			t.Fatalf("%q: the backend got %q, want nothing", path, r.Line)
		}
	}
	const encoded = "/Other%20b?c%20d%0A"
	f.askHTTP2(t, encoded)
	if got := backend.Requests(); len(got) != 1 || got[0].Line != "POST "+encoded+" HTTP/1.1" {
		t.Errorf("%q: the backend got %d requests, want it unchanged", encoded, len(got))
	}
}
