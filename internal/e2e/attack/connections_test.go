package attack_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// A crowdRow is connections that stay open and use as much as they can, at a process of
// its own. Meanwhile health and reload must work, and memory must stay bounded.
type crowdRow struct {
	kind
	sends       string
	connections int
	each        func(conn net.Conn, i int)
	files       int  // the limit for open files; 0 means that of this process
	logins      bool // logins must work meanwhile
	growth      int64
}

var (
	crowds   = kind{"connection flood", "G7"}
	manyTiny = kind{"header flood", "G7"}
)

var crowdRows = []crowdRow{
	{manyTiny, "1 MiB of tiny header lines in each of 100 connections", 100, sending(tinyLines("GET", 1<<20)), 0, true, 32 << 20},
	{manyTiny, "60 KB of tiny header lines in each of 1,000 connections", 1000, sending(tinyLines("GET", 60_000)), 0, true, 96 << 20},
	{manyTiny, "1 MiB of trailers in each of 100 requests", 100, sending("POST /held HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("a:\r\n", 1<<18)), 0, true, 32 << 20},
	{manyTiny, "250 HTTP/2 requests at once in one connection, each with 1 MiB of a body", 1, streams(250, 1<<20), 0, true, 48 << 20},
	{crowds, "3,000 connections, half of a header in each, with 256 open files", 3000, sending("GET / HTTP/1.1\r\nHost: h\r\nX: "), 256, true, 32 << 20},
	{crowds, "3,000 connections, a request that the backend holds in each, with 256 open files", 3000, sending("GET /held HTTP/1.1\r\nHost: h\r\n\r\n"), 256, false, 48 << 20},
	{crowds, "100 connections with 100 HTTP/2 requests that the backend holds in each, with 256 open files", 100, streams(100, 0), 256, false, 64 << 20},
}

func sending(text string) func(net.Conn, int) {
	return func(conn net.Conn, _ int) { io.WriteString(conn, text) }
}

// tinyLines returns a header of lines with few bytes, and without an end.
func tinyLines(method string, size int) string {
	text := []byte(method + " /held HTTP/1.1\r\nHost: h\r\n")
	for i := 0; len(text) < size; i++ {
		text = append(strconv.AppendInt(text, int64(i), 36), ":\r\n"...)
	}
	return string(text)
}

// streams opens n HTTP/2 requests, each with a body that it does not end.
func streams(n, body int) func(net.Conn, int) {
	return func(conn net.Conn, _ int) {
		io.WriteString(conn, http2.ClientPreface)
		framer := http2.NewFramer(conn, nil)
		framer.WriteSettings()
		for i := range n {
			var block bytes.Buffer
			encoder := hpack.NewEncoder(&block)
			for _, field := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":authority", "h"}, {":path", "/held"}} {
				encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
			}
			stream := uint32(2*i + 1)
			framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: body == 0})
			for sent := 0; sent < body; sent += 16 << 10 {
				framer.WriteData(stream, false, make([]byte, 16<<10)) // more than the window
			}
		}
	}
}

// attackWithCrowds runs the rows one after another, because they use much memory here,
// too.
func (s *suite) attackWithCrowds(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	backend := startBackend(t, issuer)
	backend.Hold("/held")
	for _, row := range crowdRows {
		s.run(t, row.kind, row.sends, func(t *testing.T) (happens string) { return row.run(t, s, issuer, backend) })
	}
}

func (row crowdRow) run(t *testing.T, s *suite, issuer *enrichtest.Issuer, backend *e2e.Backend) (happens string) {
	o := e2e.Options{Configuration: usual(backend.URL), Documents: "[" + annas + "]", Program: e2e.Tokengraft, Env: []string{"GOMEMLIMIT=230MiB"}, Log: s.lookAtLog}
	if row.files > 0 {
		if _, err := exec.LookPath("prlimit"); err != nil {
			t.Skip("SKIPPED, THE FLOOD WAS NOT TESTED: prlimit is missing; install util-linux")
		}
		o.Wrapper = []string{"prlimit", fmt.Sprintf("--nofile=%d:%[1]d", row.files)}
	}
	tg := &target{Sidecar: e2e.Start(t, o), suite: s}
	tg.waitReady(t)
	before := tg.mostMemory(t)
	crowd := row.open(t, tg)
	defer crowd()
	tg.answersHealth(t)
	tg.Log.After(t, "configuration unchanged", func() { tg.Process().Signal(syscall.SIGHUP) })
	if row.logins {
		tg.logIn(t, issuer)
		tg.noticesKeys(t)
	}
	grown := tg.mostMemory(t) - before
	if grown > row.growth && !e2e.RaceDetector {
		t.Errorf("the memory grew by %d MiB, want at most %d", grown>>20, row.growth>>20)
	}
	return fmt.Sprintf("the memory grows by %d MiB; health and reload work%s", grown>>20, either(row.logins, ", logins too", ""))
}

// open opens the connections. It returns when everything is sent, or the sidecar has
// read nothing for a while.
func (row crowdRow) open(t *testing.T, tg *target) (closeAll func()) {
	var conns []net.Conn
	var sending sync.WaitGroup
	for i := range row.connections {
		conn, err := tg.Public.Dial()
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
		conn.SetDeadline(time.Now().Add(time.Minute))
		go io.Copy(io.Discard, conn)
		sending.Go(func() { row.each(conn, i) })
	}
	sent := make(chan struct{})
	go func() { sending.Wait(); close(sent) }()
	select {
	case <-sent:
	case <-time.After(3 * time.Second):
	}
	return func() {
		for _, conn := range conns {
			conn.Close()
		}
	}
}

// mostMemory returns the most memory that the process has used, in bytes.
func (tg *target) mostMemory(t *testing.T) int64 {
	t.Helper()
	status, err := os.Open(fmt.Sprintf("/proc/%d/status", tg.Process().Pid))
	if err != nil {
		t.Skip("SKIPPED, THE FLOOD WAS NOT TESTED: the memory of a process can be measured on Linux only")
	}
	defer status.Close()
	for lines := bufio.NewScanner(status); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			kib, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kib << 10
		}
	}
	t.Fatal("the status of the process has no VmHWM")
	return 0
}

// answersHealth checks that the admin listener answers, for a while.
func (tg *target) answersHealth(t *testing.T) {
	t.Helper()
	for range 20 {
		for _, path := range []string{"/livez", "/readyz", "/metrics"} {
			if reply, err := tg.Admin.Try(http.MethodGet, path, ""); err != nil || reply.Status != http.StatusOK {
				t.Errorf("GET %s: got %d, error %v, want 200", path, reply.Status, err)
			}
		}
	}
}

// logIn checks that a client that connects now can log in. The sidecar may close its
// connection before the request was read; then the client may repeat the request.
func (tg *target) logIn(t *testing.T, issuer *enrichtest.Issuer) {
	t.Helper()
	original := issuer.Token(claimsOf(quoted(anna), ""))
	var last error
	for range 5 {
		token, err := tg.tryIssue(original)
		if err == nil {
			if token == original {
				t.Error("a login meanwhile: got the original token, want it enriched")
			}
			return
		}
		last = err
	}
	t.Errorf("five logins meanwhile failed, the last one with %v; want one that succeeds", last)
}

// noticesKeys checks that the sidecar publishes a key that appears in its directory.
func (tg *target) noticesKeys(t *testing.T) {
	t.Helper()
	keys := func() int {
		reply, err := tg.Public.Try(http.MethodGet, "/.well-known/jwks.json", "")
		if err != nil || reply.Status != http.StatusOK {
			return 0
		}
		return strings.Count(reply.Body, `"kid"`)
	}
	before := keys()
	if code, _, stderr := e2e.Run(t, "keys", "rotate", "-c", filepath.Join(tg.Dir, e2e.File)); code != 0 {
		t.Fatalf("keys rotate: %s", stderr)
	}
	e2e.Eventually(t, "the new key is published", func() bool { return before > 0 && keys() > before })
}
