package e2e_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }

// start starts a sidecar in front of a backend.
func start(t *testing.T, backend *e2e.Backend, o e2e.Options) *e2e.Sidecar {
	t.Helper()
	o.Configuration = fmt.Sprintf(`backend: %s
rules: [{match: POST /login, tokens: ["json:token"]}]
verify: {secret: %q}
documents: {file: users.json, user_id_field: id}
`, backend.URL, enrichtest.Secret)
	o.Documents = `[{"id":"anna","lang":"en"}]`
	s := e2e.Start(t, o)
	s.WaitReady(t, "source")
	return s
}

func login(t *testing.T) (body string) {
	token := enrichtest.NewIssuer(t, "HS256").Token(fmt.Sprintf(`{"sub":"anna","exp":%d}`, time.Now().Add(time.Hour).Unix()))
	return fmt.Sprintf(`{"token":%q}`, token)
}

func TestStart_RunsTheSidecarWithEachProgram(t *testing.T) {
	for name, o := range map[string]e2e.Options{
		"in the process of the test": {},
		"tokengraft":                 {Program: e2e.Tokengraft},
		"leakproof, with a wrapper":  {Program: e2e.Leakproof, Wrapper: []string{"env", "GOGC=30"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lines int
			o.Log = func([]byte) { lines++ }
			backend := e2e.StartBackend(t)
			s := start(t, backend, o)
			sent := login(t)
			if got := s.Public.Ask(t, "POST", "/login", sent, "X-Trace: a"); got.Status != 200 || got.Body == sent {
				t.Errorf("a login: got %d %s, want an enriched token", got.Status, got.Body)
			}
			if got := s.Metrics(t).Reasons(); got["ok"] != 1 {
				t.Errorf("tokens by reason: got %v, want one ok", got)
			}
			if taken := backend.Take(); len(taken) == 0 || taken[len(taken)-1].Line != "POST /login HTTP/1.1" || taken[len(taken)-1].Header.Get("X-Trace") != "a" {
				t.Errorf("the backend got %v, want POST /login with X-Trace: a last", taken)
			}
			s.Reconfigure(t, "documents:", "claim: {name: other}\ndocuments:")
			if process := s.Process(); process != nil {
				s.Log.After(t, "configuration unchanged", func() { process.Signal(syscall.SIGHUP) })
			}
			s.Terminate()
			if code := s.Wait(); code != 0 {
				t.Errorf("got exit code %d, want 0", code)
			}
			if !strings.Contains(s.Log.String(), `"msg":"stopped"`) || lines < 3 {
				t.Errorf("Options.Log got %d lines, want at least 3, and the message stopped in the log, which is\n%s", lines, s.Log)
			}
		})
	}
}

func TestRun_ReturnsExitCodeAndOutput(t *testing.T) {
	for _, c := range []struct {
		argument, stdout, stderr string
		code                     int
	}{
		{"version", "tokengraft ", "", 0},
		{"nosuch", "", "unknown command", 2},
	} {
		code, stdout, stderr := e2e.Run(t, c.argument)
		if code != c.code || !strings.HasPrefix(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) {
			t.Errorf("tokengraft %s: got exit code %d, stdout %q, stderr %q; want %d, %q, %q", c.argument, code, stdout, stderr, c.code, c.stdout, c.stderr)
		}
	}
}

func TestBackend_SendsTheResponsesOfTheTest(t *testing.T) {
	backend := e2e.StartBackend(t)
	issuer := enrichtest.NewIssuer(t, "ES256")
	backend.Publish(e2e.JWKS(issuer, issuer))
	if got := backend.Address.Get(t, "/jwks.json"); strings.Count(got, `"kid"`) != 2 || backend.JWKSFetches() != 1 {
		t.Errorf("/jwks.json: got %s after %d fetches, want two keys after 1", got, backend.JWKSFetches())
	}
	if got := backend.Address.Get(t, "/wire?a=b"); !strings.HasPrefix(got, "GET /wire?a=b HTTP/1.1\r\n") {
		t.Errorf("/wire: got %q, want the request", got)
	}
	if got := backend.Address.Ask(t, "POST", "/any", "body", "Answer: X-A: b"); got.Body != "body" || got.Header.Get("X-A") != "b" {
		t.Errorf("POST /any: got %v, want the body of the request and X-A: b", got)
	}
	backend.Handle("GET /fixed", e2e.Response{Status: 404, Body: "gone", Delay: 20 * time.Millisecond})
	if got := backend.Address.Ask(t, "GET", "/fixed", ""); got.Status != 404 || got.Body != "gone" {
		t.Errorf("GET /fixed: got %v, want 404 gone", got)
	}
	backend.Handle("GET /fixed", e2e.Response{Raw: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"})
	if got, err := backend.Address.Try("GET", "/fixed", ""); err == nil {
		t.Errorf("GET /fixed with half a response: got %v, want an error", got)
	}
	if got, err := backend.Address.Send("GET /any HTTP/1.1\r\nHost: h\r\n\r\n" + e2e.Closing); err != nil || e2e.Statuses(got) != "200 200" {
		t.Errorf("two requests: got %s, %v; want 200 200", e2e.Statuses(got), err)
	}
}

func TestBackend_HoldsRequests(t *testing.T) {
	backend := e2e.StartBackend(t)
	hold := backend.Hold("/slow")
	answered := make(chan error)
	go func() {
		_, err := backend.Address.Try("GET", "/slow", "")
		answered <- err
	}()
	e2e.Eventually(t, "the request arrives", func() bool { return hold.Arrived() == 1 })
	select {
	case <-answered:
		t.Error("the request was answered before Release, want after it")
	case <-time.After(20 * time.Millisecond):
	}
	hold.Release()
	if err := <-answered; err != nil {
		t.Error(err)
	}
}
