package attack_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A headerRow is a request with headers that could mislead the backend.
type headerRow struct {
	kind
	sends   string
	trusted bool     // the client is a trusted proxy
	lines   []string // header lines
	drops   string   // text that the backend must not get, or ""
	keeps   []string // lines that the backend must get; PUBLIC is the sidecar's address
}

var (
	spoofing       = kind{"spoofed client address", "security.md"}
	cachePoisoning = kind{"poisoned cache", "security.md"}
	hopByHop       = kind{"hop-by-hop headers", "RFC 9110 7.6.1"}
)

var headerRows = []headerRow{
	spoofed("Forwarded: for=6.6.6.6"),
	spoofed("X-Forwarded-For: 6.6.6.6"),
	spoofed("X-Forwarded-Host: 6.6.6.6"),
	spoofed("X-Forwarded-Proto: 6.6.6.6"),
	spoofed("X-Forwarded-Port: 6.6.6.6"),
	spoofed("X-Real-Ip: 6.6.6.6"),
	spoofed("x-forwarded-FOR: 6.6.6.6"),
	spoofed("X_forwarded_for: 6.6.6.6"),
	spoofed("X-Forwarded_for: 6.6.6.6"),
	spoofed("X_real_ip: 6.6.6.6"),
	stripped("X-Forwarded-For"),
	stripped("X-Real-Ip"),
	stripped("Forwarded"),
	{kind: hopByHop, sends: "Connection: X-Forwarded-For, X-Forwarded-Host, Host",
		lines: []string{"Connection: X-Forwarded-For, X-Forwarded-Host, Host, Accept-Encoding"},
		keeps: []string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: PUBLIC"}},
}

// attackByHost checks that the answer with an address of the client's choice cannot be
// cached for other clients.
func (s *suite) attackByHost(t *testing.T) {
	backend := e2e.StartBackend(t)
	backend.Handle("/location", e2e.Response{Body: `{"hostname":"http://10.0.0.1"}`})
	for public, want := range map[string]string{"": "http://evil.example.com; Vary: Host", "public_url: https://auth.example.com\n": "https://auth.example.com; Vary: "} {
		configuration := usual(backend.URL) + public + "addresses: [{match: GET /location, at: [\"json:hostname\"]}]\n"
		tg := s.start(t, configuration, "["+annas+"]")
		s.run(t, cachePoisoning, "a Host of an attacker, "+either(public == "", "without", "with")+" public_url", func(t *testing.T) (happens string) {
			answer, err := tg.Public.Send("GET /location HTTP/1.1\r\nHost: evil.example.com\r\nConnection: close\r\n\r\n")
			reply, errRead := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
			if err := errors.Join(err, errRead); err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(reply.Body)
			hostname := strings.TrimSuffix(strings.TrimPrefix(string(body), `{"hostname":"`), `"}`)
			happens = hostname + "; Vary: " + reply.Header.Get("Vary")
			if happens != want {
				t.Errorf("got %s, want %s", happens, want)
			}
			return happens
		})
	}
}

// spoofed returns a row with a line in which a client claims to be 6.6.6.6.
func spoofed(line string) headerRow {
	return headerRow{kind: spoofing, sends: line, lines: []string{line}, drops: "6.6.6.6", keeps: []string{"X-Forwarded-For: 127.0.0.1\r\n"}}
}

// stripped returns a row in which a client asks to remove a header that a trusted
// proxy sets.
func stripped(name string) headerRow {
	return headerRow{kind: hopByHop, sends: "Connection: " + name + ", through a trusted proxy that sets it", trusted: true,
		lines: []string{name + ": 1.2.3.4", "Connection: " + name}, keeps: []string{"1.2.3.4"}}
}

// attackWithHeaders checks that clients can neither spoof nor remove headers that
// proxies set, and that the size of headers is bounded.
func (s *suite) attackWithHeaders(t *testing.T) {
	s.attackByHost(t)
	backend := startBackend(t, enrichtest.NewIssuer(t, "ES256"))
	tg := s.start(t, usual(backend.URL), "["+annas+"]")
	trusting := s.start(t, "trusted_proxies: [loopback]\n"+usual(backend.URL), "["+annas+"]")
	for _, row := range headerRows {
		s.run(t, row.kind, row.sends, func(t *testing.T) (happens string) {
			if row.trusted {
				return row.run(t, trusting)
			}
			return row.run(t, tg)
		})
	}
	if !tg.Log.Warned("trusted_proxies") {
		t.Error("the log: got no warning about dropped headers, want one that names trusted_proxies")
	}
	for _, row := range overflowRows {
		s.run(t, row.kind, row.sends, func(t *testing.T) (happens string) { return row.run(t, tg, backend) })
	}
	if tg.Log.Count("raise limits.headers") == 0 {
		t.Error("the log: got no warning about refused headers, want one that names limits.headers")
	}
}

func (row headerRow) run(t *testing.T, tg *target) (happens string) {
	wire := tg.ask(t, http.MethodGet, "/wire", "", row.lines...).Body
	happens = "the header of the proxy or the sidecar reaches the backend"
	if row.drops != "" {
		happens = "is dropped"
		if strings.Contains(wire, row.drops) {
			happens = "REACHES THE BACKEND"
			t.Errorf("%q: the backend got %q, want it without %q", row.lines, wire, row.drops)
		}
	}
	for _, line := range row.keeps {
		if line = strings.ReplaceAll(line, "PUBLIC", string(tg.Public)); !strings.Contains(wire, line) {
			happens = "THE HEADER IS REMOVED"
			t.Errorf("%q: the backend got %q, want %q in it", row.lines, wire, line)
		}
	}
	return happens
}

// An overflowRow has headers that are too large, or almost.
type overflowRow struct {
	kind
	sends  string
	lines  []string // header lines of a login
	answer string   // the raw response of the backend; "" means the usual one
	want   int      // the status; 431 is a problem response
	raw    bool     // but not this 431: the header is so large that net/http refuses it
}

var (
	overflow = kind{"header overflow", "security.md"}
	flooding = kind{"header overflow", "G3"} // from the backend
)

var kilobyte = strings.Repeat("x", 1000)

var overflowRows = []overflowRow{
	{overflow, "70 KB in one request header", []string{"X-Large: " + strings.Repeat("x", 70_000)}, "", 431, false},
	{overflow, "70 cookies of 1 KB", slices.Repeat([]string{"Cookie: a=" + kilobyte}, 70), "", 431, false},
	{overflow, "300 request headers", slices.Repeat([]string{"X-Many: 1"}, 300), "", 431, false},
	{overflow, "10,000 request headers", slices.Repeat([]string{"X-Many: 1"}, 10_000), "", 431, false},
	{overflow, "100 KB in one request header", []string{"X-Large: " + strings.Repeat("x", 100_000)}, "", 431, true},
	{overflow, "3 MB in one request header", []string{"X-Large: " + strings.Repeat("x", 3_000_000)}, "", 431, true},
	{overflow, "a backend that sets 60 cookies of 1 KB", slices.Repeat([]string{"Answer: Set-Cookie: a=" + kilobyte[:900]}, 60), "", 200, false},
	{flooding, "a backend that sets 100 cookies of 1 KB", nil, "HTTP/1.1 200 OK\r\n" + strings.Repeat("Set-Cookie: a="+kilobyte+"\r\n", 100) + "Content-Length: 0\r\n\r\n", 502, false},
	{flooding, "a backend that sends 10 MB of one header", nil, "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 10<<20) + "\r\nContent-Length: 0\r\n\r\n", 502, false},
	{flooding, "a backend that sends 1,000 early hints", nil, strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </"+kilobyte+">\r\n\r\n", 1_000) + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, false},
}

func (row overflowRow) run(t *testing.T, tg *target, backend *e2e.Backend) (happens string) {
	method, path, body := http.MethodPost, "/login", "{}"
	if row.answer != "" {
		method, path, body = http.MethodGet, "/answer", ""
		backend.Handle("GET /answer", e2e.Response{Raw: row.answer})
	}
	reply := tg.ask(t, method, path, body, row.lines...)
	got := reply.Status
	if got != row.want {
		t.Errorf("%s: got %d, want %d", row.sends, got, row.want)
	}
	if problem := strings.Contains(reply.Body, "urn:tokengraft:headers-too-large"); problem != (row.want == 431 && !row.raw) {
		t.Errorf("%s: got the body %.100q, want a problem: %t", row.sends, reply.Body, !row.raw)
	}
	return fmt.Sprintf("%d %s", got, http.StatusText(got))
}
