package cli

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// A running sidecar goes on with the configuration that it has (law G6): who
// restarts what is not well must not be told otherwise.
func TestHealthIsThatOfTheSidecarThoughTheFileIsWrong(t *testing.T) {
	l := startLive(t, liveConfig)
	l.eventually("it is ready", func() bool { return strings.Contains(get(t, l.admin+"/readyz"), `"status":"ready"`) })
	wrong := strings.Replace(liveConfig, "POST /login", "POST login", 1)
	l.after("was not reloaded", func() { l.configure(wrong) })
	if code, stdout, stderr := health(l.dir); code != exitOK || !strings.Contains(stdout, "alive") {
		t.Errorf("health exits with %d, %q, %q; want %d", code, stdout, stderr, exitOK)
	}
	if code, stdout, stderr := health(l.dir, "--ready"); code != exitOK || !strings.Contains(stdout, "degraded") {
		t.Errorf("health --ready exits with %d, %q, %q; want %d", code, stdout, stderr, exitOK)
	}
	l.stop()
	if code, _, stderr := health(l.dir); code != exitUsage || !strings.Contains(stderr, "rules[0].match: no pattern") {
		t.Errorf("health of none exits with %d, %q; want %d and what is wrong with the file", code, stderr, exitUsage)
	}
}

func TestHealthTellsWhyNobodyCanBeAsked(t *testing.T) {
	for admin, want := range map[string]string{
		"off":           "tokengraft.yaml:3:8: admin: is off, so there is nobody to ask; want host:port",
		"127.0.0.1:0":   "tokengraft.yaml:3:8: admin: has port 0, so only the log of serve tells which it is; want another",
		"127.0.0.1:1":   "Is it running?",
		"nonsense":      "tokengraft.yaml:3:8: admin: want host:port, like 127.0.0.1:8080 or :8080, or off",
		`"${NOWHERE}"`:  "admin: the environment has no NOWHERE",
		"{a: b":         "no YAML",
		"localhost:1":   "Is it running?",
		"0.0.0.0:1":     "Is it running?",
		`"[::]:1"`:      "Is it running?",
		"127.0.0.1:1 #": "Is it running?",
	} {
		text := strings.NewReplacer("PUBLIC", "127.0.0.1:0", "BACKEND", "http://127.0.0.1:1", "ADMIN", admin).Replace(liveConfig)
		dir := writeFiles(t, map[string]string{"tokengraft.yaml": text, "secret": "s"})
		if code, stdout, stderr := health(dir); code == exitOK || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("health with admin: %s exits with %d, %q, %q; want a failure and %q", admin, code, stdout, stderr, want)
		}
	}
}

// health runs the command with the configuration of a folder.
func health(dir string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	args = append([]string{"health", "-c", filepath.Join(dir, "tokengraft.yaml")}, args...)
	code = Run(context.Background(), args, nil, &out, &errs)
	return code, out.String(), errs.String()
}
