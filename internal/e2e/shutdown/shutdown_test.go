package shutdown_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/tokengraft/tokengraft/internal/certs/certstest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

func TestShutdown_FinishesAThousandLogins(t *testing.T) {
	logins := 1000
	if testing.Short() {
		logins = 100 // with the race detector, the sidecar could need more than its 10 s for a header
	}
	e := start(t, logins, "timeouts: {shutdown: 1m, dial: 1m}") // a busy machine may need more than 3 s to connect all
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	var done sync.WaitGroup
	var lost atomic.Int64
	for i := range logins {
		done.Go(func() {
			user := fmt.Sprint("u", i)
			want := fmt.Sprintf(`{"id":%q,"lang":"en"}`, user)
			if got, err := e.logIn(client, user); got != want || err != nil {
				if lost.Add(1) == 1 {
					t.Errorf("the token of %s: got document %s, error %v; want %s", user, got, err, want)
				}
			}
		})
	}
	e.waitForLogins(t, logins)
	e.terminate(t)
	if code := e.readyz(); code != http.StatusServiceUnavailable {
		t.Errorf("/readyz while stopping: got %d, want 503", code)
	}
	e.logins.Release()
	done.Wait()
	if lost.Load() > 0 {
		t.Errorf("lost logins: got %d of %d, want none", lost.Load(), logins)
	}
	e.wantExit(t, 0)
	if log := e.Log.String(); !strings.Contains(log, `"msg":"stopped"`) || strings.Contains(log, "were cut") {
		t.Errorf("the log: want the message stopped and no cut connections, got\n%s", log)
	}
}

func TestShutdown_SecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	const echoTime = time.Second // within this time, a second signal is ignored
	e := start(t, 1, "timeouts: {shutdown: 10m}")
	go e.logIn(http.DefaultClient, "u0")
	e.waitForLogins(t, 1)
	e.terminate(t)
	time.Sleep(echoTime)
	e.Terminate()
	e.wantExit(t, 1)
}

func TestShutdown_CutsUpgradedConnectionsAndReportsIt(t *testing.T) {
	t.Parallel()
	e := start(t, 1, "timeouts: {shutdown: 3s}")
	conn, err := net.Dial("tcp", string(e.Public))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	fmt.Fprintf(conn, "GET /upgrade HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	response, err := http.ReadResponse(in, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("GET /upgrade: %v, %v; want 101", response, err)
	}
	e.terminate(t)
	io.WriteString(conn, "still here\n")
	if line, err := in.ReadString('\n'); line != "still here\n" {
		t.Errorf("the upgraded connection before timeouts.shutdown: got %q, %v; want the bytes that were sent", line, err)
	}
	if rest, _ := io.ReadAll(in); len(rest) > 0 {
		t.Errorf("the upgraded connection after timeouts.shutdown: got %q, want its end", rest)
	}
	e.wantExit(t, 0)
	if line := e.Log.Last("were cut at the end of timeouts.shutdown"); !strings.Contains(line, `"count":1`) {
		t.Errorf("the log: want a warning that one connection was cut, got\n%s", e.Log)
	}
}

func TestShutdown_IsUnreadyBeforeTheListenerCloses(t *testing.T) {
	t.Parallel()
	e := start(t, 1, "timeouts: {drain: 5s}")
	e.Terminate()
	e2e.Eventually(t, "/readyz answers 503", func() bool { return e.readyz() == http.StatusServiceUnavailable })
	// A load balancer sends requests until it has asked for /readyz.
	response, err := http.Get(e.Public.URL("/"))
	if err != nil {
		t.Fatalf("GET / while draining: %v", err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK || !response.Close {
		t.Errorf("GET / while draining: got %s, Connection: close %v; want 200 and true", response.Status, response.Close)
	}
	e.wantExit(t, 0)
}

func TestShutdown_SendsHTTP2ClientsGoAway(t *testing.T) {
	t.Parallel()
	a := certstest.New(t)
	a.Write(t, "server", "127.0.0.1", 100*time.Hour)
	e := start(t, 1, fmt.Sprintf("timeouts: {shutdown: 1m}\ntls: {cert_file: %s/server.pem, key_file: %[1]s/server.key}", a.Dir))
	conn, err := tls.Dial("tcp", string(e.Public), &tls.Config{RootCAs: a.Pool, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, http2.ClientPreface)
	framer := http2.NewFramer(conn, conn)
	framer.WriteSettings()
	framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: loginHeader(e.Public), EndHeaders: true, EndStream: true})
	e.waitForLogins(t, 1)
	e.Terminate()
	goAway, answered := false, false
	for !answered {
		frame, err := framer.ReadFrame()
		if err != nil {
			t.Fatalf("got GOAWAY: %v, response: %v, then %v; want both", goAway, answered, err)
		}
		switch frame := frame.(type) {
		case *http2.GoAwayFrame:
			goAway = true
			e.logins.Release() // the response follows
		case *http2.DataFrame:
			answered = frame.StreamEnded() || answered
		}
	}
	e.wantExit(t, 0)
}
