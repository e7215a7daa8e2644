package cli_test

import (
	"strings"
	"testing"
)

func TestHealth_SaysWhyTheSidecarCannotBeAsked(t *testing.T) {
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
		text := strings.Replace(`listen: 127.0.0.1:0
backend: http://127.0.0.1:1
admin: ADMIN
rules:
  - {match: POST /login, tokens: ["json:token"]}
verify: {secret_file: secret}
documents: {file: users.json, user_id_field: id}
`, "ADMIN", admin, 1)
		path := writeConfig(t, text, map[string]string{"secret": "s"})
		if code, stdout, stderr := run(t, "health", "-c", path); code == exitOK || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("health with admin: %s: exit code %d, stdout %q, stderr %q; want a failure and %q", admin, code, stdout, stderr, want)
		}
	}
}
