package tls_test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/certs/certstest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// startMutual starts a backend that requires a client certificate for all requests,
// including those for its JWK Set. It returns its URL.
func startMutual(t *testing.T, a *certstest.Authority) string {
	t.Helper()
	issuer := enrichtest.NewIssuer(t, "ES256")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/jwks.json":
			w.Write(issuer.JWKS())
		case "/login":
			fmt.Fprintf(w, `{"token":%q}`, issuer.Token(fmt.Sprintf(`{"sub":"u1","exp":%d}`, time.Now().Add(time.Hour).Unix())))
		}
	}))
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{a.Pair(t, "backend", "backend.test")},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: a.Pool,
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

func TestBackendTLS_NeedsTheRightCertificates(t *testing.T) {
	t.Parallel()
	a := certstest.New(t)
	backend := startMutual(t, a)
	a.Write(t, "client", "sidecar", 100*time.Hour)
	ca, client := "ca_file: "+a.Dir+"/ca.pem", "cert_file: "+a.Dir+"/client.pem, key_file: "+a.Dir+"/client.key"
	for _, c := range []struct {
		name, settings string
		status         int
		advice         string // what check must name
	}{
		{"all settings right", "{" + ca + ", " + client + ", server_name: backend.test}", http.StatusOK, ""},
		{"no client certificate", "{" + ca + ", server_name: backend.test}", http.StatusBadGateway, "backend_tls.cert_file"},
		{"the backend's authority is unknown", "{" + client + ", server_name: backend.test}", http.StatusBadGateway, "backend_tls.ca_file"},
		{"the backend has another name", "{" + ca + ", " + client + "}", http.StatusBadGateway, "backend_tls.server_name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := e2e.Start(t, e2e.Options{
				Configuration: fmt.Sprintf(`backend: %s
admin: off
backend_tls: %s
rules: [{match: POST /login, tokens: ["json:token"]}]
verify: {jwks: %[1]s/jwks.json}
sign: {keys: keys}
documents: {file: users.json, user_id_field: id}
`, backend, c.settings),
				Documents: `[{"id":"u1","lang":"en"}]`,
			})
			wantAdvice(t, s, c.advice)
			got := s.Public.Ask(t, http.MethodPost, "/login", "")
			if got.Status != c.status {
				t.Fatalf("POST /login with backend_tls: %s: got %d %s, want %d", c.settings, got.Status, got.Body, c.status)
			}
			if c.status != http.StatusOK {
				return
			}
			// The sidecar also fetches the backend's keys with this certificate.
			if document, want := documentIn(got.Body), `{"id":"u1","lang":"en"}`; document != want {
				t.Errorf("the token of POST /login: got document %s, want %s", document, want)
			}
		})
	}
}

// TestBackendTLS_AppliesAChangedAuthority replaces the content of ca_file, as a renewal
// of an authority does.
func TestBackendTLS_AppliesAChangedAuthority(t *testing.T) {
	t.Parallel()
	a, other := certstest.New(t), certstest.New(t)
	backend := startMutual(t, a)
	a.Write(t, "client", "sidecar", 100*time.Hour)
	s := e2e.Start(t, e2e.Options{
		Configuration: fmt.Sprintf(`backend: %s
admin: off
backend_tls: {ca_file: authority.pem, cert_file: %s/client.pem, key_file: %[2]s/client.key, server_name: backend.test}
rules: [{match: POST /login, tokens: ["json:token"]}]
verify: {jwks: %[1]s/jwks.json}
sign: {keys: keys}
documents: {file: users.json, user_id_field: id}
`, backend, a.Dir),
		Documents: `[{"id":"u1","lang":"en"}]`,
		Files:     map[string]string{"authority.pem": read(t, other.Dir+"/ca.pem")},
	})
	if got := s.Public.Ask(t, http.MethodPost, "/login", ""); got.Status != http.StatusBadGateway {
		t.Fatalf("POST /login with another authority: got %d %s, want 502", got.Status, got.Body)
	}
	line := s.Log.After(t, "configuration reloaded", func() { s.Write(t, "authority.pem", read(t, a.Dir+"/ca.pem")) })
	if !strings.Contains(line, `["backend_tls.ca_file"]`) {
		t.Errorf("the log: got %s, want the setting backend_tls.ca_file", line)
	}
	got := s.Public.Ask(t, http.MethodPost, "/login", "")
	if document, want := documentIn(got.Body), `{"id":"u1","lang":"en"}`; document != want {
		t.Errorf("POST /login with the backend's authority: got %d and the document %s, want %s", got.Status, document, want)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// documentIn returns the document in the token of a response to a login.
func documentIn(body string) string {
	var response struct{ Token string }
	_ = json.Unmarshal([]byte(body), &response)
	token, _ := enrich.ParseToken(response.Token)
	return string(token.Claim("custom_data"))
}

// wantAdvice runs check on the sidecar's configuration. With advice, check must exit
// with 1 and print it. Without, check must not exit with 1.
func wantAdvice(t *testing.T, s *e2e.Sidecar, advice string) {
	t.Helper()
	code, out, _ := e2e.Run(t, "check", "-c", filepath.Join(s.Dir, e2e.File))
	if fails := advice != ""; (code == 1) != fails || !strings.Contains(out, advice) {
		t.Errorf("check: got exit code %d, want 1: %v, and the advice %q, in\n%s", code, fails, advice, out)
	}
}
