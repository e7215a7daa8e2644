package compose_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/demo/backend"
)

const (
	documents     = `[{"user_account_id": "62efedca3587e6e83c0fc675", "city": "Wien"}]`
	configuration = `listen: 127.0.0.1:0
backend: %[1]s
admin: 127.0.0.1:0
rules:
  - match: POST /login
    tokens: [json:access_token, json:id_token]
  - match: POST /oauth/token
    tokens: [json:access_token, json:id_token]
verify: {jwks: %[1]s/jwks.json}
sign: {keys: keys}
documents: {file: users.json, user_id_field: user_account_id}
cache: {stale_for: 1h}
`
)

// A live sidecar is the program itself in front of the sample backend.
type live struct {
	dir           string
	public, admin string // base URLs, as the log names them
}

// startLive builds and starts the sidecar. When the test ends it wants a clean
// stop.
func startLive(t *testing.T) *live {
	t.Helper()
	legacy, err := backend.New("https://legacy.example.com")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(legacy)
	t.Cleanup(server.Close)
	l := &live{dir: t.TempDir()}
	l.write(t, "tokengraft.yaml", fmt.Sprintf(configuration, server.URL))
	l.write(t, "users.json", documents)
	program := filepath.Join(l.dir, "tokengraft")
	if out, err := exec.Command("go", "build", "-o", program, root).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	l.serve(t, program)
	return l
}

// serve runs the program until the test ends.
func (l *live) serve(t *testing.T, program string) {
	t.Helper()
	cmd := exec.Command(program, "serve", "-c", filepath.Join(l.dir, "tokengraft.yaml"))
	cmd.Env = append(os.Environ(), "LOG_FORMAT=json", "OTEL_SDK_DISABLED=true")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	drained := make(chan struct{})
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		<-drained
		if err := cmd.Wait(); err != nil {
			t.Errorf("serve: %v, want a clean stop", err)
		}
	})
	lines := bufio.NewScanner(log)
	listened := l.listening(lines)
	go func() {
		defer close(drained)
		for lines.Scan() {
		}
	}()
	if !listened {
		t.Fatal("serve ended before it listened")
	}
}

// listening reads the log until it has named both listeners, and reports whether
// it has.
func (l *live) listening(log *bufio.Scanner) bool {
	for (l.public == "" || l.admin == "") && log.Scan() {
		var line struct{ Msg, Listener, Address string }
		if json.Unmarshal(log.Bytes(), &line) != nil || line.Msg != "listening" {
			continue
		}
		switch line.Listener {
		case "public":
			l.public = "http://" + line.Address
		case "admin":
			l.admin = "http://" + line.Address
		}
	}
	return l.public != "" && l.admin != ""
}

func (l *live) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(l.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// traffic is a day at the sidecar: users with and without a document, logins
// and refreshes, a source that fails for a while, and a configuration that
// somebody gets wrong, anew each time.
func (l *live) traffic(t *testing.T) {
	t.Helper()
	anna, cleo := loginAs(t, l.public, "anna"), loginAs(t, l.public, "cleo")
	wantMe(t, l.public, login(t, l.public).AccessToken, "anna")
	wantClaim(t, refresh(t, l.public, anna.RefreshToken).AccessToken, `"city":"Wien"`)

	l.write(t, "users.json", "[broken")
	wantClaim(t, refresh(t, l.public, anna.RefreshToken).AccessToken, `"city":"Wien"`)
	refresh(t, l.public, cleo.RefreshToken)
	l.write(t, "users.json", documents)
	l.write(t, "tokengraft.yaml", fmt.Sprintf("wrong%d: true\n", time.Now().UnixNano()))
}

func (l *live) metrics(t *testing.T) string {
	t.Helper()
	response, err := http.Get(l.admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestQueriesAgainstARealSidecar wants each panel of the dashboard to show, and
// each alert to watch, something that a sidecar really measures.
func TestQueriesAgainstARealSidecar(t *testing.T) {
	l := startLive(t)
	l.traffic(t)
	for range 100 { // the wrong file is looked at within a second
		if strings.Contains(l.metrics(t), `config_reloads_total{result="failed"} 1`) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	checkQueries(t, l.metrics(t))
	t.Run("rules", checkRules)
	t.Run("evaluated", func(t *testing.T) { evaluateQueries(t, l) })
}
