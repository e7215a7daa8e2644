package cli

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/certs/certstest"
)

// slow is a backend whose logins wait until it is told to answer.
type slow struct {
	*httptest.Server
	arrived atomic.Int64
	answer  chan struct{} // closed: now
}

func startSlow(t *testing.T) *slow {
	t.Helper()
	issuer := enrichtest.NewIssuer(t, "HS256")
	s := &slow{answer: make(chan struct{})}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/login":
			user := r.FormValue("user")
			s.arrived.Add(1)
			select {
			case <-s.answer:
			case <-r.Context().Done():
				return
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"token":%q}`, issuer.Token(fmt.Sprintf(`{"sub":%q,"exp":%d}`, user, time.Now().Add(time.Hour).Unix())))
		case "/upgrade":
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			io.Copy(conn, conn)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// waitFor waits until that many logins have arrived.
func (s *slow) waitFor(t *testing.T, logins int64) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d logins at the backend", logins), func() bool { return s.arrived.Load() == logins })
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// A daemon is the sidecar as a process of its own.
type daemon struct {
	*exec.Cmd
	public, admin string
	log           bytes.Buffer // to be read when it has ended
}

// startDaemon runs `tokengraft serve` in front of a backend with HS256 tokens,
// whose users u0, u1 … have documents, and with more settings.
func startDaemon(t *testing.T, backend string, users int, more string) *daemon {
	t.Helper()
	p := &daemon{}
	for _, address := range []*string{&p.public, &p.admin} {
		var err error
		if *address, err = freeAddress(); err != nil {
			t.Fatal(err)
		}
	}
	var documents strings.Builder
	for i := range users {
		fmt.Fprintf(&documents, `{"id":"u%d","lang":"en"}`+"\n", i)
	}
	configuration := fmt.Sprintf(`listen: %s
backend: %s
admin: %s
rules: [{match: POST /login, tokens: ["json:token"]}]
verify: {secret: %q}
documents: {file: users.ndjson, user_id_field: id}
%s
`, p.public, backend, p.admin, enrichtest.Secret, more)
	dir := t.TempDir()
	for name, text := range map[string]string{"tokengraft.yaml": configuration, "users.ndjson": documents.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.Cmd = exec.Command("tokengraft", "serve", "-c", filepath.Join(dir, "tokengraft.yaml"))
	p.Stderr = &p.log
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill() })
	waitForAddress(t, p.public)
	waitForAddress(t, p.admin)
	eventually(t, "readiness", func() bool { return p.readyz() == http.StatusOK })
	return p
}

func (p *daemon) readyz() int {
	response, err := http.Get("http://" + p.admin + "/readyz")
	if err != nil {
		return 0
	}
	response.Body.Close()
	return response.StatusCode
}

func (p *daemon) terminate(t *testing.T) {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// refuses reports whether the public listener takes no more connections.
func (p *daemon) refuses() bool {
	conn, err := net.Dial("tcp", p.public)
	if err != nil {
		return true
	}
	conn.Close()
	return false
}

// wantExit waits for the process to end.
func (p *daemon) wantExit(t *testing.T, code int) {
	t.Helper()
	err := p.Wait()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	if got := p.ProcessState.ExitCode(); got != code {
		t.Errorf("exit code %d, want %d:\n%s", got, code, &p.log)
	}
}

// logIn logs a user in and returns what of the document is in the token.
func logIn(client *http.Client, address, user string) (string, error) {
	response, err := client.PostForm(address+"/login", url.Values{"user": {user}})
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var body struct{ Token string }
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		return "", fmt.Errorf("%s: %w", response.Status, err)
	}
	token, err := enrich.ParseToken(body.Token)
	return string(token.Claim("custom_data")), err
}

// Law G5: what is in flight is finished.
func TestAThousandLoginsInFlightAtTheEndAreFinished(t *testing.T) {
	const logins = 1000
	backend := startSlow(t)
	p := startDaemon(t, backend.URL, logins, "timeouts: {shutdown: 1m}")
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	var done sync.WaitGroup
	var lost atomic.Int64
	for i := range logins {
		done.Go(func() {
			user := fmt.Sprint("u", i)
			want := fmt.Sprintf(`{"id":%q,"lang":"en"}`, user)
			if got, err := logIn(client, "http://"+p.public, user); got != want || err != nil {
				if lost.Add(1) == 1 {
					t.Errorf("the token of %s has %s, want %s; %v", user, got, want, err)
				}
			}
		})
	}
	backend.waitFor(t, logins)
	p.terminate(t)
	eventually(t, "no more connections taken", p.refuses)
	if code := p.readyz(); code != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d while stopping, want 503", code)
	}
	close(backend.answer)
	done.Wait()
	if lost.Load() > 0 {
		t.Errorf("%d of %d logins were lost", lost.Load(), logins)
	}
	p.wantExit(t, exitOK)
	if log := p.log.String(); !strings.Contains(log, `"msg":"stopped"`) || strings.Contains(log, "were cut") {
		t.Errorf("it does not say that it stopped, or that it cut something")
	}
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	backend := startSlow(t)
	p := startDaemon(t, backend.URL, 1, "timeouts: {shutdown: 10m}")
	go logIn(http.DefaultClient, "http://"+p.public, "u0")
	backend.waitFor(t, 1)
	p.terminate(t)
	eventually(t, "no more connections taken", p.refuses)
	time.Sleep(echoTime)
	p.terminate(t)
	p.wantExit(t, exitFault)
}

// timeout(1) sends it to the process, and then to the group that it is in.
func TestASignalThatComesTwiceIsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals, ended := make(chan os.Signal), false
		go func() {
			waitForSecond(signals)
			ended = true
		}()
		signals <- syscall.SIGTERM
		if synctest.Wait(); ended {
			t.Error("the echo of a signal ended the process")
		}
		time.Sleep(echoTime)
		signals <- syscall.SIGTERM
		if synctest.Wait(); !ended {
			t.Error("a second signal did not")
		}
	})
}

func TestUpgradedConnectionsAreCutAtTheEndAndThatIsSaid(t *testing.T) {
	backend := startSlow(t)
	p := startDaemon(t, backend.URL, 1, "timeouts: {shutdown: 3s}")
	conn, err := net.Dial("tcp", p.public)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	fmt.Fprintf(conn, "GET /upgrade HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	response, err := http.ReadResponse(in, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %v, %v", response, err)
	}
	p.terminate(t)
	eventually(t, "no more connections taken", p.refuses)
	io.WriteString(conn, "still here\n")
	if line, err := in.ReadString('\n'); line != "still here\n" {
		t.Errorf("within the grace the upgraded connection says %q, %v", line, err)
	}
	if rest, _ := io.ReadAll(in); len(rest) > 0 {
		t.Errorf("at the end of the grace it says %q", rest)
	}
	p.wantExit(t, exitOK)
	if log := p.log.String(); !strings.Contains(log, `"count":1`) || !strings.Contains(log, "were cut at the end of timeouts.shutdown") {
		t.Errorf("nothing is said of the connection that was cut:\n%s", log)
	}
}

func TestReadinessGoesDownBeforeTheListener(t *testing.T) {
	backend := startSlow(t)
	p := startDaemon(t, backend.URL, 1, "timeouts: {drain: 5s}")
	p.terminate(t)
	eventually(t, "readiness down", func() bool { return p.readyz() == http.StatusServiceUnavailable })
	response, err := http.Get("http://" + p.public + "/")
	if err != nil {
		t.Fatalf("a request that a load balancer sends before it has seen that: %v", err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK || !response.Close {
		t.Errorf("answered %s, to be closed: %v; want 200 and the connection closed", response.Status, response.Close)
	}
	p.wantExit(t, exitOK)
}

func TestHTTP2ClientsAreToldToGoAway(t *testing.T) {
	a := certstest.New(t)
	a.Write(t, "server", "127.0.0.1", 100*time.Hour)
	backend := startSlow(t)
	p := startDaemon(t, backend.URL, 1, fmt.Sprintf("timeouts: {shutdown: 1m}\ntls: {cert_file: %s/server.pem, key_file: %[1]s/server.key}", a.Dir))
	conn, err := tls.Dial("tcp", p.public, &tls.Config{RootCAs: a.Pool, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, http2.ClientPreface)
	framer := http2.NewFramer(conn, conn)
	framer.WriteSettings()
	framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: loginHeader(p.public), EndHeaders: true, EndStream: true})
	backend.waitFor(t, 1)
	p.terminate(t)
	told, answered := false, false
	for !answered {
		frame, err := framer.ReadFrame()
		if err != nil {
			t.Fatalf("told to go away: %v, answered: %v, then %v", told, answered, err)
		}
		switch frame := frame.(type) {
		case *http2.GoAwayFrame:
			if !told {
				close(backend.answer)
			}
			told = true
		case *http2.DataFrame:
			answered = frame.StreamEnded() || answered
		}
	}
	p.wantExit(t, exitOK)
}

// loginHeader is the header of a login of u0 over HTTP/2.
func loginHeader(address string) []byte {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range [][2]string{{":method", "POST"}, {":scheme", "https"}, {":authority", address}, {":path", "/login?user=u0"}} {
		encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
	}
	return block.Bytes()
}
