package doctor_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/internal/demo/backend"
	"github.com/tokengraft/tokengraft/internal/doctor"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

// env are the environment variables of the tests.
var env = map[string]string{"DOCTOR_USER": "anna", "DOCTOR_PASSWORD": "secret"}

// A world is a sidecar in front of the sample backend.
type world struct {
	wrap      func(http.Handler) http.Handler // around the backend
	rules     string
	settings  string // more of the configuration; BACKEND is the backend's address
	documents string
	// changed edits the configuration that doctor reads, after the sidecar has started.
	changed func(string) string
}

const (
	loginRule = `[{match: POST /login, tokens: [json:access_token, json:id_token]}, {match: POST /oauth/token, tokens: [json:access_token, json:id_token]}]`
	settings  = "verify: {jwks: \"BACKEND/jwks.json\", issuer: \"https://legacy.example.com\"}\nsign: {keys: keys}\ndocuments: {file: users.json, user_id_field: user_account_id}\n"
	anna      = `[{"user_account_id":"62efedca3587e6e83c0fc675","city":"Wien"}]`
)

// run starts the world, runs doctor, and returns the findings by check.
func (w world) run(t *testing.T, o doctor.Options) map[string]doctor.Finding {
	t.Helper()
	return findings(t, w.start(t, o))
}

// start starts the world, and returns the options with its addresses.
func (w world) start(t *testing.T, o doctor.Options) doctor.Options {
	t.Helper()
	legacy, err := backend.New("https://legacy.example.com")
	if err != nil {
		t.Fatal(err)
	}
	var handler http.Handler = legacy
	if w.wrap != nil {
		handler = w.wrap(legacy)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	text := "backend: BACKEND\nrules: " + or(w.rules, loginRule) + "\n" + or(w.settings, settings)
	s := e2e.Start(t, e2e.Options{Configuration: strings.ReplaceAll(text, "BACKEND", server.URL), Documents: or(w.documents, anna)})
	s.WaitReady(t)
	if w.changed != nil {
		s.Write(t, "doctor.yaml", w.changed("listen: 127.0.0.1:0\n"+strings.ReplaceAll(text, "BACKEND", server.URL)))
		o.Config = load(t, filepath.Join(s.Dir, "doctor.yaml"))
	} else {
		o.Config = load(t, filepath.Join(s.Dir, e2e.File))
	}
	o.URL, o.Admin = parse(t, s.Public.URL("")), parse(t, s.Admin.URL(""))
	if o.Env == nil {
		o.Env = func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	}
	return o
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func load(t *testing.T, file string) *config.Config {
	t.Helper()
	cfg, err := config.Load(file, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// written writes a configuration and empty documents, and returns its path.
func written(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tokengraft.yaml")
	for name, text := range map[string]string{file: text, filepath.Join(filepath.Dir(file), "users.json"): "[]"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// findings runs doctor. It fails the test if the findings are not those of all checks, or
// if they contain a secret.
func findings(t *testing.T, o doctor.Options) map[string]doctor.Finding {
	t.Helper()
	found := map[string]doctor.Finding{}
	var order []string
	err := doctor.Run(t.Context(), o, func(f doctor.Finding) {
		found[f.Check], order = f, append(order, f.Check)
		checkDiscreet(t, f)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := doctor.Checks()
	for i, check := range want {
		if i >= len(order) || order[i] != check.Name {
			t.Fatalf("the checks are %v, want all in this order: %v", order, want)
		}
	}
	return found
}

// checkDiscreet fails the test if a finding has a token, a credential, a user id or a value
// of a document.
func checkDiscreet(t *testing.T, f doctor.Finding) {
	t.Helper()
	text := f.Text + f.Hint
	for _, secret := range []string{"62efedca3587e6e83c0fc675", "Wien", `"secret"`, "=secret"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s: %s %s: contains %s", f.Check, f.Text, f.Hint, secret)
		}
	}
	for word := range strings.FieldsSeq(text) {
		if _, err := enrich.ParseToken(word); err == nil {
			t.Errorf("%s: %s: contains a token", f.Check, f.Text)
		}
	}
}

func request(t *testing.T, text string) doctor.Request {
	t.Helper()
	r, err := doctor.ParseRequest(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// show returns all findings as text.
func show(found map[string]doctor.Finding) string {
	var text strings.Builder
	for _, check := range doctor.Checks() {
		f := found[check.Name]
		fmt.Fprintf(&text, "%-14s %-7s %s | %s\n", f.Check, f.Status, f.Text, f.Hint)
	}
	return text.String()
}
