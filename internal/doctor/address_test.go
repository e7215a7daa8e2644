package doctor_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/certs/certstest"
	"github.com/tokengraft/tokengraft/internal/demo/backend"
	"github.com/tokengraft/tokengraft/internal/doctor"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// The addresses of the configuration are enough, with TLS and with another public address.
// After the refresh the new token is in the place of the old one.
func TestDoctor_FindsTheSidecarByItsConfiguration(t *testing.T) {
	authority := certstest.New(t)
	certFile, keyFile := authority.Write(t, "server", "auth.example.com", time.Hour)
	for name, more := range map[string]string{
		"plain":      "",
		"TLS":        fmt.Sprintf("tls: {cert_file: %q, key_file: %q}\n", certFile, keyFile),
		"public URL": fmt.Sprintf("tls: {cert_file: %q, key_file: %q}\npublic_url: https://auth.example.com\n", certFile, keyFile),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			legacy, err := backend.New("https://legacy.example.com")
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(renewing(legacy))
			t.Cleanup(server.Close)
			listen, admin := e2e.FreeAddress(t), e2e.FreeAddress(t)
			s := e2e.Start(t, e2e.Options{
				Configuration: fmt.Sprintf("listen: %s\nadmin: %s\nbackend: %s\nrules: [{match: POST /login/header, tokens: [header:X-Auth-Token]}, {match: POST /renew, tokens: [header:X-Auth-Token]}]\n", listen, admin, server.URL) +
					strings.ReplaceAll(settings, "BACKEND", server.URL) + more,
				Documents: anna,
			})
			cfg := load(t, filepath.Join(s.Dir, e2e.File))
			if cfg.TLS.KeyFile != "" {
				cfg.TLS.KeyFile = "unreadable.key" // only the sidecar needs it
			}
			found := findings(t, doctor.Options{
				Config: cfg, Probe: request(t, "GET /me"), Logout: request(t, "GET /me"), Login: request(t, "POST /login/header"),
				Env: func(name string) (string, bool) { value, ok := env[name]; return value, ok },
			})
			for check := range strings.FieldsSeq("ready login token claim jwks jwks_backend signature restore refresh logout") {
				if found[check].Status != doctor.OK {
					t.Errorf("%s: got %s, want ok. All:\n%s", check, found[check].Status, show(found))
				}
			}
			if want := "restored at header:X-Auth-Token"; !strings.Contains(found["logout"].Text, want) {
				t.Errorf("logout: %q, want %q", found["logout"].Text, want)
			}
		})
	}
}

// renewing is the sample backend with POST /renew: a login for everyone whose token it
// knows.
func renewing(legacy http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/renew" {
			asked := httptest.NewRequest(http.MethodGet, "/me", nil)
			asked.Header = r.Header
			answer := httptest.NewRecorder()
			if legacy.ServeHTTP(answer, asked); answer.Code != http.StatusOK {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			r.URL.Path = "/login/header"
			r.Body = io.NopCloser(strings.NewReader("username=anna&password=secret"))
			r.ContentLength = -1
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		legacy.ServeHTTP(w, r)
	})
}
