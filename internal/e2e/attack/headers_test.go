package attack_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
	"github.com/tokengraft/tokengraft/proxy/proxytest"
)

// attackWithHeaders shows that headers neither lie to the backend, nor reach
// through the sidecar, nor grow without bound.
func attackWithHeaders(t *testing.T, s *suite) {
	backend := startBackend(t, enrichtest.NewIssuer(t, "ES256"))
	v := s.start(t, usual(backend.URL), "["+annas+"]")
	trusting := s.start(t, "trusted_proxies: [loopback]\n"+usual(backend.URL), "["+annas+"]")

	spoofed := []string{
		"Forwarded: for=6.6.6.6", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Host: 6.6.6.6", "X-Forwarded-Proto: 6.6.6.6", "X-Forwarded-Port: 6.6.6.6",
		"X-Real-Ip: 6.6.6.6", "x-forwarded-FOR: 6.6.6.6", "X_forwarded_for: 6.6.6.6", "X-Forwarded_for: 6.6.6.6", "X_real_ip: 6.6.6.6",
	}
	for _, line := range spoofed {
		wire := v.ask(t, http.MethodGet, "/wire", "", line).Body
		dropped := !strings.Contains(wire, "6.6.6.6")
		s.report(row{"spoofed client address", line, map[bool]string{true: "is dropped", false: "REACHES THE BACKEND"}[dropped], "contract"})
		if !dropped || !strings.Contains(wire, "X-Forwarded-For: 127.0.0.1\r\n") {
			t.Errorf("%s from a peer that is not trusted: the backend got %q", line, wire)
		}
	}
	if !v.Log.Warned("trusted_proxies") {
		t.Error("nothing warns of what was dropped")
	}
	for _, name := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded"} {
		wire := trusting.ask(t, http.MethodGet, "/wire", "", name+": 1.2.3.4", "Connection: "+name).Body
		s.report(row{"hop-by-hop tricks", "Connection: " + name + ", through a trusted proxy that sets it", map[bool]string{true: "it reaches the backend", false: "IS STRIPPED"}[strings.Contains(wire, "1.2.3.4")], "RFC 9110 7.6.1"})
		if !strings.Contains(wire, "1.2.3.4") {
			t.Errorf("Connection: %s stripped it: %q", name, wire)
		}
	}
	wire := v.ask(t, http.MethodGet, "/wire", "", "Connection: X-Forwarded-For, X-Forwarded-Host, Host, Accept-Encoding").Body
	kept := strings.Contains(wire, "X-Forwarded-For: 127.0.0.1") && strings.Contains(wire, "X-Forwarded-Host: "+string(v.Public))
	s.report(row{"hop-by-hop tricks", "Connection: X-Forwarded-For, X-Forwarded-Host, Host", map[bool]string{true: "they reach the backend", false: "ARE STRIPPED"}[kept], "RFC 9110 7.6.1"})
	if !kept {
		t.Errorf("Connection stripped what we say: %q", wire)
	}
	attackUpgrades(t, s)
	attackWithLargeHeaders(t, s, v)
	attackByHTTP2(t, s, v)
}

// attackUpgrades asks for a connection that would carry requests past the
// sidecar, of a backend that agrees to anything.
func attackUpgrades(t *testing.T, s *suite) {
	backend := proxytest.Start(t, func(r *proxytest.Request) {
		if upgrade, ok := r.Get("Upgrade"); ok {
			r.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + upgrade + "\r\n\r\n")
			return
		}
		r.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	})
	v := s.start(t, usual(backend.URL.String()), "["+annas+"]")
	for _, upgrade := range []string{"h2c", "H2C", "websocket, h2c", "HTTP/2.0", "TLS/1.2"} {
		text := "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nUpgrade: " + upgrade + "\r\n\r\n"
		got := e2e.Statuses(v.send(t, text+e2e.Closing))
		s.report(row{"upgrade smuggling", "Upgrade: " + upgrade, "is not passed on: " + got, "A7"})
		if got != "200 200" {
			t.Errorf("Upgrade: %s: answered %s, want no upgrade", upgrade, got)
		}
	}
}

// attackWithLargeHeaders sends and answers more header than there may be.
func attackWithLargeHeaders(t *testing.T, s *suite, v *target) {
	kilobyte := strings.Repeat("x", 1000)
	times := func(n int, line string) (lines []string) {
		for range n {
			lines = append(lines, line)
		}
		return lines
	}
	for _, try := range []struct {
		sends string
		lines []string
		want  int
	}{
		{"100 KB in one request header", []string{"X-Large: " + strings.Repeat("x", 100_000)}, 431},
		{"100 cookies of 1 KB", times(100, "Cookie: a="+kilobyte), 431},
		{"10,000 request headers", times(10_000, "X-Many: 1"), 431},
		{"3 MB in one request header", []string{"X-Large: " + strings.Repeat("x", 3_000_000)}, 431},
		{"60 answered cookies of 1 KB", times(60, "Answer: Set-Cookie: a="+kilobyte[:900]), 200},
	} {
		res := v.ask(t, http.MethodPost, "/login", "{}", try.lines...)
		s.report(row{"header overflow", try.sends, fmt.Sprintf("%d %s", res.Status, http.StatusText(res.Status)), "contract"})
		if res.Status != try.want {
			t.Errorf("%s: %d, want %d", try.sends, res.Status, try.want)
		}
	}
	lines := strings.Repeat("Set-Cookie: a="+kilobyte+"\r\n", 100)
	for _, try := range []struct{ sends, answer, want string }{
		{"a backend that sets 100 cookies of 1 KB", "HTTP/1.1 200 OK\r\n" + lines + "Content-Length: 0\r\n\r\n", "502"},
		{"a backend that sends 10 MB of one header", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 10<<20) + "\r\nContent-Length: 0\r\n\r\n", "502"},
		{"a backend that sends 1,000 early hints", strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </"+kilobyte+">\r\n\r\n", 1_000) + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200"},
	} {
		backend := proxytest.Start(t, func(r *proxytest.Request) {
			if strings.HasPrefix(r.Line, "GET /last") {
				r.Send(try.answer)
			}
			r.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		})
		flooded := s.start(t, usual(backend.URL.String()), "["+annas+"]")
		got := e2e.Statuses(flooded.send(t, e2e.Closing))
		got = got[strings.LastIndexByte(got, ' ')+1:]
		s.report(row{"header overflow", try.sends, got, "G3"})
		if got != try.want {
			t.Errorf("%s: %s, want %s", try.sends, got, try.want)
		}
	}
}

// attackByHTTP2 sends frames that become other requests when they are written
// as HTTP/1.
func attackByHTTP2(t *testing.T, s *suite, v *target) {
	for _, try := range []struct {
		sends  string
		fields []string
		want   string
	}{
		{"a good request", nil, "200"},
		{"a Connection header", []string{"connection: x-forwarded-for"}, "reset|400"},
		{"Transfer-Encoding: chunked", []string{"transfer-encoding: chunked"}, "reset|400"},
		{"Content-Length: 0 and a body", []string{"content-length: 0"}, "200|reset|400"},
		{"two Content-Length", []string{"content-length: 0", "content-length: 5"}, "200|reset|400"},
		{"CRLF in a value", []string{"x-a: b\r\nsmuggled: 1"}, "reset|400"},
		{"CRLF in a name", []string{"x-a\r\nsmuggled: 1"}, "reset|400"},
		{"a colon in a name", []string{"smuggled:x: 1"}, "reset|400"},
		{"upper case in a name", []string{"Smuggled: 1"}, "reset|400"},
		{"CRLF in the path", []string{":path: /wire HTTP/1.1\r\nSmuggled: 1\r\n\r\n"}, "reset|400"},
		{"a space in the path", []string{":path: /wire HTTP/1.1 x"}, "reset|400|200"},
		{"CRLF in the method", []string{":method: GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\nGET"}, "reset|400|502"},
		{"a space in the method", []string{":method: GET /smuggled"}, "reset|400|502"},
		{"an authority with a path", []string{":authority: h/smuggled"}, "400"},
		{"CRLF in the authority", []string{":authority: h\r\nSmuggled: 1"}, "reset|400|502"},
		{"a header after another pseudo header", []string{"x-a: b", ":path: /smuggled"}, "reset|400"},
	} {
		got, wire := v.http2(t, try.fields)
		smuggled := strings.Contains(strings.ToLower(wire), "smuggled")
		s.report(row{"HTTP/2 downgrade", try.sends, got, "RFC 9113 8.2"})
		if smuggled || !strings.Contains("|"+try.want+"|", "|"+got+"|") {
			t.Errorf("%s over HTTP/2: %s, want %s; the backend got %q", try.sends, got, try.want, wire)
		}
	}
}

// http2 sends one request for /wire over HTTP/2 as the fields, name: value, have
// it, and returns its status, or reset, and the body.
func (v *target) http2(t *testing.T, fields []string) (status, body string) {
	t.Helper()
	conn, err := v.Public.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, http2.ClientPreface)
	framer := http2.NewFramer(conn, bufio.NewReader(conn))
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	framer.WriteSettings()
	framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: headerBlock(fields), EndStream: true, EndHeaders: true})
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return "reset", body
		}
		switch frame := frame.(type) {
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			return "reset", body
		case *http2.MetaHeadersFrame:
			status = frame.PseudoValue("status")
		case *http2.DataFrame:
			body += string(frame.Data())
		}
		if ended, ok := frame.(interface{ StreamEnded() bool }); ok && ended.StreamEnded() {
			return status, body
		}
	}
}

// headerBlock encodes fields behind the pseudo headers that they do not name.
func headerBlock(fields []string) []byte {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, usual := range []string{":method: GET", ":scheme: http", ":authority: h", ":path: /wire"} {
		name, _, _ := strings.Cut(usual[1:], ":")
		if len(fields) > 0 && strings.HasPrefix(fields[0], ":"+name+": ") {
			usual, fields = fields[0], fields[1:]
		}
		name, value, _ := strings.Cut(usual[1:], ": ")
		encoder.WriteField(hpack.HeaderField{Name: ":" + name, Value: value})
	}
	for _, field := range fields {
		at := strings.LastIndex(field, ": ")
		if strings.HasPrefix(field, "x-a: ") || strings.HasPrefix(field, ":") {
			at = strings.Index(field, ": ")
		}
		encoder.WriteField(hpack.HeaderField{Name: field[:at], Value: field[at+2:]})
	}
	return block.Bytes()
}
