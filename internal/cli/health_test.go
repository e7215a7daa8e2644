package cli

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
)

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
		text := strings.NewReplacer("PUBLIC", "127.0.0.1:0", "BACKEND", "http://127.0.0.1:1", "ADMIN", admin).Replace(`listen: PUBLIC
backend: BACKEND
admin: ADMIN
rules:
  - {match: POST /login, tokens: ["json:token"]}
verify: {secret_file: secret}
documents: {file: users.json, user_id_field: id}
`)
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
