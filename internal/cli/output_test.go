package cli_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/cli"
)

// With -o json, stdout is one JSON document also if the command fails, so that programs
// do not have to read stderr.
func TestJSON_IsPrintedByCommandsThatFail(t *testing.T) {
	t.Setenv("DOCTOR_USER", "")
	files := map[string]string{"users.json": "[]"}
	good := writeConfig(t, doctorConfig, files)
	invalid := writeConfig(t, strings.Replace(doctorConfig, "rules:", "rulez:", 1), files)
	missing := writeConfig(t, strings.Replace(doctorConfig, "secret: 0123456789abcdef0123456789abcdef", "secret_file: nowhere", 1), files)
	for _, tt := range []struct {
		args, path string
		code       int
		result     string
		want       string // in the only finding
	}{
		{"check", invalid, exitUsage, "invalid", "did you mean rules?"},
		{"try a.b.c", invalid, exitUsage, "invalid", "did you mean rules?"},
		{"explain anna", invalid, exitUsage, "invalid", "did you mean rules?"},
		{"doctor --json {}", invalid, exitUsage, "invalid", "did you mean rules?"},
		{"keys list", invalid, exitUsage, "invalid", "did you mean rules?"},
		{"try a.b.c", missing, exitFault, "invalid", "nowhere"},
		{"try --rule /nope a.b.c", good, exitUsage, "error", "no rule has the pattern"},
		{"keys list", good, exitFault, "error", "does not set sign.keys"},
		{"doctor --json {}", good, exitUsage, "error", "--url"},
		{"doctor --login login", good, exitUsage, "error", "--login: must be a method and a path"},
	} {
		args := append(strings.Fields(tt.args), "-c", tt.path, "-o", "json")
		code, stdout, stderr := run(t, args...)
		var report struct {
			Result   string
			Findings []struct{ Severity, Message string }
		}
		err := json.Unmarshal([]byte(stdout), &report)
		if code != tt.code || err != nil || report.Result != tt.result || len(report.Findings) != 1 || stderr == "" {
			t.Errorf("%s: exit code %d, %v, stdout %s, stderr %q; want %d and the result %s in JSON", tt.args, code, err, stdout, stderr, tt.code, tt.result)
			continue
		}
		if found := report.Findings[0]; found.Severity != "fault" || !strings.Contains(found.Message, tt.want) {
			t.Errorf("%s: %+v, want a fault with %q", tt.args, found, tt.want)
		}
	}
}

// health prints a part of the answer of a server that is not a sidecar.
func TestErrors_OfServersArePrintable(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		w.Write([]byte("evil\x1b[2J" + strings.Repeat("x", 60<<10)))
	}))
	defer server.Close()
	path := writeConfig(t, strings.Replace(doctorConfig, "admin: off", "admin: "+strings.TrimPrefix(server.URL, "http://"), 1), map[string]string{"users.json": "[]"})
	code, _, stderr := run(t, "health", "-c", path)
	if code != exitFault || !strings.Contains(stderr, "418 I'm a teapot: evil\\u001b[2Jxxx") || len(stderr) > 2<<10 {
		t.Errorf("health: exit code %d, %.2000q; want %d and the start of the answer without control characters", code, stderr, exitFault)
	}
}

// What servers choose, such as an issuer or a kid, does not control the terminal.
func TestText_OfServersIsPrintable(t *testing.T) {
	const evil = `evil\u001b[2J`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "keys") || strings.HasSuffix(r.URL.Path, "jwks.json") {
			w.Header().Set("Cache-Control", "max-age=60")
			w.Write([]byte(`{"keys":[{"kty":"RSA","kid":"` + evil + `"}]}`))
			return
		}
		w.Write([]byte(`{"issuer":"` + evil + `","jwks_uri":"/keys","token_endpoint":"/t%1b[2J"}`))
	}))
	defer server.Close()
	path := writeConfig(t, "listen: 127.0.0.1:0\nadmin: off\nbackend: "+server.URL+`
oidc: true
sign: {keys: keys}
documents: {file: users.json, user_id_field: id}
`, map[string]string{"users.json": "[]"})
	for _, args := range [][]string{{"check", "-c", path}, {"doctor", "-c", path, "--url", server.URL, "--login", "POST /login", "--json", "{}"}} {
		_, stdout, stderr := run(t, args...)
		if !strings.Contains(stdout, "evil") || strings.Contains(stdout+stderr, "\x1b") {
			t.Errorf("%s prints\n%q\n%q\nwant the text of the server without control characters", args[0], stdout, stderr)
		}
	}
}

func TestConfig_OnStandardInputIsBounded(t *testing.T) {
	text := strings.NewReader(doctorConfig + strings.Repeat("#", 16<<20))
	var stdout, stderr strings.Builder
	code := cli.Run(t.Context(), []string{"check", "-c", "-"}, text, &stdout, &stderr)
	if want := "the configuration on standard input: is larger than 16MiB"; code != exitUsage || !strings.Contains(stderr.String(), want) {
		t.Errorf("check of a very large configuration: exit code %d, %q; want %d and %q", code, stderr.String(), exitUsage, want)
	}
}
