package appservices_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

const forwardConfiguration = `backend: %s
rules: [{match: POST /login, tokens: ["json:token"]}]
verify: {jwks: %[1]s/jwks.json}
sign: {keys: keys}
documents: {file: users.json, user_id_field: id}
functions: {values: values, environment: production, environments: environments}
forward:
  - match: /api/
    headers:
      X-User-Language: "%%%%user.custom_data.language"
      X-Tenant: "%%%%environment.values.tenant"
  - match: /admin/
    headers: {X-User-Id: "%%%%user.id"}
    allow:
      "%%%%user.custom_data.admin": true
      "%%%%user.id": {$in: "%%%%values.admins"}
`

// A forwarding is a sidecar that tells its backend about users.
type forwarding struct {
	*e2e.Sidecar
	backend *e2e.Backend
	issuer  *enrichtest.Issuer
}

func startForwarding(t *testing.T) forwarding {
	t.Helper()
	f := forwarding{backend: e2e.StartBackend(t), issuer: enrichtest.NewIssuer(t, "ES256")}
	f.backend.Publish(e2e.JWKS(f.issuer))
	dir := t.TempDir()
	for _, name := range []string{"values", "environments"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	f.Sidecar = e2e.Start(t, e2e.Options{
		Program:       e2e.Tokengraft,
		Dir:           dir,
		Configuration: fmt.Sprintf(forwardConfiguration, f.backend.URL),
		Documents:     `[{"id":"anna","language":"en","admin":true},{"id":"mallory","language":"x\r\nX-Tenant: evil","admin":true},{"id":"otto"}]`,
		Files: map[string]string{
			"values/admins.json":           `{"name":"admins","value":["anna","otto"]}`,
			"environments/production.json": `{"values":{"tenant":"acme"}}`,
		},
	})
	f.WaitReady(t, "source")
	return f
}

// login returns the original and the enriched token of a user.
func (f forwarding) login(t *testing.T, user string) (original, enriched string) {
	t.Helper()
	original = f.issuer.Token(fmt.Sprintf(`{"sub":%q,"exp":%d}`, user, time.Now().Add(time.Hour).Unix()))
	body := f.Public.Ask(t, http.MethodPost, "/login", fmt.Sprintf(`{"token":%q}`, original)).Body
	tokens := e2e.Tokens(body)
	if len(tokens) != 1 {
		t.Fatalf("the login of %s: got %s, want a token", user, body)
	}
	return original, tokens[0]
}

// last returns what the backend got last.
func (f forwarding) last(t *testing.T) e2e.Request {
	t.Helper()
	taken := f.backend.Take()
	if len(taken) == 0 {
		t.Fatal("the backend got no request")
	}
	return taken[len(taken)-1]
}

func TestForward_BackendGetsHeadersAndTheOriginal(t *testing.T) {
	f := startForwarding(t)
	for _, test := range []struct{ user, language string }{
		{"anna", "en"},
		{"mallory", "x%0D%0AX-Tenant: evil"},
		{"otto", ""},
	} {
		original, enriched := f.login(t, test.user)
		if enriched == original {
			t.Fatalf("the token of %s is not enriched", test.user)
		}
		f.Public.Ask(t, http.MethodGet, "/api/x", "", "Authorization: Bearer "+enriched)
		got := f.last(t).Header
		if lines := got["X-User-Language"]; strings.Join(lines, "|") != test.language {
			t.Errorf("%s: X-User-Language is %q, want %q", test.user, lines, test.language)
		}
		if lines := got["X-Tenant"]; len(lines) != 1 || lines[0] != "acme" {
			t.Errorf("%s: X-Tenant is %q, want acme", test.user, lines)
		}
		if got.Get("Authorization") != "Bearer "+original {
			t.Errorf("%s: the backend did not get the original token", test.user)
		}
	}
	if !strings.Contains(f.Admin.Get(t, "/metrics"), `tokengraft_forward_total{result="set"} 3`) {
		t.Error("/metrics: want 3 requests with headers")
	}
}

// Copies of a client never arrive, at any path, in any spelling.
func TestForward_RemovesCopiesOfClients(t *testing.T) {
	f := startForwarding(t)
	_, enriched := f.login(t, "anna")
	for _, line := range []string{
		"x-user-language: evil", "X_User_Language: evil", "X-USER_language: evil", "X.User.Language: evil", "x-user-language: evil\r\nX-User-Language: evil",
		"Connection: X-User-Language\r\nX-User-Language: evil", "X_Tenant: evil", "x_user_id: evil",
	} {
		for _, path := range []string{"/api/x", "/other", "//api/x"} {
			f.backend.Take()
			answer, err := f.Public.Send("GET " + path + " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + enriched + "\r\n" + line + "\r\n" + e2e.Closing)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range f.backend.Take() {
				for name, lines := range r.Header {
					if strings.Contains(strings.Join(lines, ""), "evil") {
						t.Errorf("%s with %q: the backend got %s: %q", path, line, name, lines)
					}
				}
			}
			if !strings.HasPrefix(answer, "HTTP/1.1 ") {
				t.Errorf("%s with %q: got %q, want a response", path, line, answer)
			}
		}
	}
}

func TestForward_RemovesCopiesInTrailers(t *testing.T) {
	f := startForwarding(t)
	f.backend.Handle("/trailer", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, "the trailer is %v", r.Trailer)
	}))
	for name, arrives := range map[string]bool{"X-Other": true, "X-User-Language": false, "x_user_language": false} {
		answer, err := f.Public.Send("POST /trailer HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: " + name + "\r\n\r\n1\r\na\r\n0\r\n" + name + ": evil\r\n\r\n" +
			"GET /other HTTP/1.1\r\nHost: h\r\n" + e2e.Closing)
		if err != nil || strings.Contains(answer, "evil") != arrives {
			t.Errorf("a trailer %s: got %q, %v; want that it arrives: %v", name, answer, err, arrives)
		}
	}
}

func TestForward_AllowRefusesOthers(t *testing.T) {
	f := startForwarding(t)
	anna, annas := f.login(t, "anna")
	_, mallorys := f.login(t, "mallory")
	_, ottos := f.login(t, "otto")
	for _, test := range []struct {
		name, path string
		lines      []string
		status     int
	}{
		{"anna", "/admin/x", []string{"Authorization: Bearer " + annas}, 200},
		{"mallory, who is not in the values", "/admin/x", []string{"Authorization: Bearer " + mallorys}, 403},
		{"otto, whose document says nothing", "/admin/x", []string{"Authorization: Bearer " + ottos}, 403},
		{"no token", "/admin/x", nil, 403},
		{"anna's original", "/admin/x", []string{"Authorization: Bearer " + anna}, 403},
		{"two tokens", "/admin/x", []string{"Authorization: Bearer " + annas, "Authorization: Bearer " + annas}, 403},
		{"a token in a cookie", "/admin/x", []string{"Cookie: token=" + annas}, 403},
		{"a forged claim", "/admin/x", []string{"Authorization: Bearer " + annas[:strings.LastIndexByte(annas, '.')] + mallorys[strings.LastIndexByte(mallorys, '.'):]}, 403},
		{"mallory, with two slashes", "//admin/x", []string{"Authorization: Bearer " + mallorys}, 403},
		{"mallory, with an escape", "/%61dmin/x", []string{"Authorization: Bearer " + mallorys}, 403},
		{"mallory, with dots", "/api/../admin/x", []string{"Authorization: Bearer " + mallorys}, 403},
		{"an escaped slash", "/admin%2fx", []string{"Authorization: Bearer " + annas}, 400},
		{"another case", "/Admin/x", []string{"Authorization: Bearer " + annas}, 400},
		{"a parameter", "/admin;a=b/x", []string{"Authorization: Bearer " + annas}, 400},
	} {
		f.backend.Take()
		reply := f.Public.Ask(t, http.MethodGet, test.path, "", test.lines...)
		taken := f.backend.Take()
		if reply.Status != test.status || (len(taken) > 0) != (test.status == 200) {
			t.Errorf("%s: got %d, and the backend got %d requests; want %d", test.name, reply.Status, len(taken), test.status)
		}
		if test.status == 200 && taken[0].Header.Get("X-User-Id") != "anna" {
			t.Errorf("%s: X-User-Id is %q, want anna", test.name, taken[0].Header.Get("X-User-Id"))
		}
		if test.status == 403 && reply.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: got %s, want a problem", test.name, reply.Header.Get("Content-Type"))
		}
	}
}
