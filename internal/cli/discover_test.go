package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/config"
)

// A recorded session of a login, and one without.
const (
	loginHAR = `{"log":{"entries":[{"startedDateTime":"2026-11-30T10:00:00Z","request":{"method":"POST","url":"http://127.0.0.1:1/login","headers":[]},
"response":{"status":200,"headers":[{"name":"content-type","value":"application/json"}],"content":{"text":"{\"token\":\"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2lnbmF0dXJl\"}"}}}]}}`
	pageHAR = `{"log":{"entries":[{"request":{"method":"GET","url":"http://127.0.0.1:1/","headers":[]},"response":{"status":200,"headers":[],"content":{"text":"hello"}}}]}}`
)

func TestDiscover_ExitCodesSayWhatHappened(t *testing.T) {
	t.Setenv("JWT_SECRET", "")
	t.Setenv("MONGODB_URI", "")
	dir := writeFiles(t, map[string]string{"login.har": loginHAR, "page.har": pageHAR, "broken.har": "{"})
	har := func(name string) []string { return []string{"--har", filepath.Join(dir, name)} }
	backend := []string{"discover", "--backend", "http://127.0.0.1:1"}
	for _, tt := range []struct {
		args []string
		want int
		says string
	}{
		{append(backend, har("login.har")...), exitOK, "asking"},
		{append(backend, har("page.har")...), exitNoToken, "no token was seen in 1 request"},
		{append(backend, har("broken.har")...), exitFault, "line 1, column"},
		{append(backend, har("none.har")...), exitUsage, "none.har"},
		{append([]string{"discover", "--backend", "https://auth.example.com"}, har("login.har")...), exitNoToken, "--har-origin"},
		{append([]string{"discover", "--backend", "https://auth.example.com", "--har-origin", "http://127.0.0.1:1"}, har("page.har")...), exitNoToken, "no token"},
		{[]string{"discover"}, exitUsage, "--backend is required"},
		{[]string{"discover", "--backend", "127.0.0.1:9000"}, exitUsage, "http://"},
		{[]string{"discover", "--backend", "http://127.0.0.1:9000/auth"}, exitUsage, "path"},
		{append(backend, "--requests", "-1"), exitUsage, "--requests"},
		{append(backend, "--requests", "many"), exitUsage, "requests"},
		{append(backend, "--har", "x", "--listen", ":0"), exitUsage, "--har"},
		{append(backend, "--mongodb", "mongodb://127.0.0.1:1"), exitUsage, "--database"},
		{append(backend, "--mongodb", "mongo://user:hush@h", "--database", "a"), exitUsage, "must start with mongodb://"},
		{append(backend, "--database", "app"), exitUsage, "MONGODB_URI"},
		{append(backend, "--collection", "users"), exitUsage, "--database"},
		{append(backend, "--secret-file", filepath.Join(dir, "none")), exitUsage, "--secret-file"},
		{append(backend, "--listen", "256.0.0.1:1"), exitFault, "--listen"},
		{append(backend, "URL"), exitUsage, "argument"},
	} {
		code, stdout, stderr := run(t, tt.args...)
		if code != tt.want || (stdout != "") != (tt.want == exitOK) || !strings.Contains(stderr, tt.says) {
			t.Errorf("tokengraft %q: exit code %d, stdout %q, stderr %q; want %d, and %q in stderr", tt.args, code, stdout, stderr, tt.want, tt.says)
		}
	}
}

const exitNoToken = 3

// The output of discover is a configuration.
func TestDiscover_PrintsAConfiguration(t *testing.T) {
	dir := writeFiles(t, map[string]string{"login.har": loginHAR})
	name := filepath.Join(dir, "tokengraft.yaml")
	text := output(t, "discover", "--backend", "http://127.0.0.1:1", "--har", filepath.Join(dir, "login.har"))
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := config.Load(name, func(name string) (string, bool) {
		return map[string]string{"JWT_SECRET": "s", "MONGODB_URI": "mongodb://127.0.0.1:1"}[name], true
	})
	if err != nil {
		t.Errorf("the configuration has faults: %v\n%s", err, text)
	}
}
