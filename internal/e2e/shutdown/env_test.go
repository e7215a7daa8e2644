package shutdown_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2/hpack"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }

// An env is a sidecar in a separate process. Its backend holds logins until they are
// released.
type env struct {
	*e2e.Sidecar
	logins *e2e.Hold
}

// start starts a sidecar with additional settings. The users u0, u1 … have documents.
func start(t *testing.T, users int, settings string) *env {
	t.Helper()
	backend := startBackend(t)
	var documents strings.Builder
	for i := range users {
		fmt.Fprintf(&documents, `{"id":"u%d","lang":"en"}`+"\n", i)
	}
	e := &env{logins: backend.Hold("/login")}
	e.Sidecar = e2e.Start(t, e2e.Options{
		Program: e2e.Tokengraft,
		Configuration: fmt.Sprintf(`backend: %s
rules: [{match: POST /login, tokens: ["json:token"]}]
verify: {secret: %q}
documents: {file: users.ndjson, user_id_field: id}
%s
`, backend.URL, enrichtest.Secret, settings),
		Files: map[string]string{"users.ndjson": documents.String()},
	})
	e.WaitReady(t)
	return e
}

// startBackend starts a backend that issues tokens for logins, and echoes bytes on
// upgraded connections.
func startBackend(t *testing.T) *e2e.Backend {
	backend, issuer := e2e.StartBackend(t), enrichtest.NewIssuer(t, "HS256")
	backend.Handle("POST /login", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"token":%q}`, issuer.Token(fmt.Sprintf(`{"sub":%q,"exp":%d}`, r.FormValue("user"), time.Now().Add(time.Hour).Unix())))
	}))
	backend.Handle("GET /upgrade", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		io.Copy(conn, conn)
	}))
	return backend
}

// waitForLogins waits until a number of logins have arrived at the backend.
func (e *env) waitForLogins(t *testing.T, logins int) {
	t.Helper()
	e2e.Eventually(t, fmt.Sprintf("%d logins have arrived at the backend", logins), func() bool { return e.logins.Arrived() == logins })
}

// terminate asks the sidecar to stop, and waits until its public listener no longer
// accepts connections.
func (e *env) terminate(t *testing.T) {
	t.Helper()
	e.Terminate()
	e2e.Eventually(t, "the sidecar no longer accepts connections", func() bool {
		conn, err := net.Dial("tcp", string(e.Public))
		if err != nil {
			return true
		}
		conn.Close()
		return false
	})
}

// readyz returns the status of /readyz, or 0 if there is no response.
func (e *env) readyz() int {
	reply, _ := e.Admin.Try(http.MethodGet, "/readyz", "")
	return reply.Status
}

// wantExit waits for the process to exit and checks its exit code.
func (e *env) wantExit(t *testing.T, code int) {
	t.Helper()
	if got := e.Wait(); got != code {
		t.Errorf("got exit code %d, want %d:\n%s", got, code, e.Log)
	}
}

// logIn logs a user in and returns the document in the token.
func (e *env) logIn(client *http.Client, user string) (document string, err error) {
	response, err := client.PostForm(e.Public.URL("/login"), url.Values{"user": {user}})
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return "", fmt.Errorf("%s: %w", response.Status, err)
	}
	var body struct{ Token string }
	if err := json.Unmarshal(text, &body); err != nil || body.Token == "" {
		return "", fmt.Errorf("%s: %.500s", response.Status, text)
	}
	token, err := enrich.ParseToken(body.Token)
	if err != nil {
		return "", err
	}
	return string(token.Claim("custom_data")), nil
}

// loginHeader returns the HTTP/2 header of a login of u0.
func loginHeader(address e2e.Address) []byte {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range [][2]string{{":method", "POST"}, {":scheme", "https"}, {":authority", string(address)}, {":path", "/login?user=u0"}} {
		encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
	}
	return block.Bytes()
}
