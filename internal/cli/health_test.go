package cli_test

import (
	"strings"
	"testing"
)

func TestHealth_SaysWhyItCannotAskTheSidecar(t *testing.T) {
	for admin, want := range map[string]string{
		"off":           "tokengraft.yaml:3:8: admin: is off, so health cannot ask the sidecar; set it to host:port",
		"127.0.0.1:0":   "tokengraft.yaml:3:8: admin: has port 0, so health does not know the real port; set another port",
		"127.0.0.1:1":   "Is the sidecar running?",
		"nonsense":      "tokengraft.yaml:3:8: admin: must be host:port, like 127.0.0.1:8080 or :8080, or off",
		`"${NOWHERE}"`:  "admin: the environment variable NOWHERE is not set",
		"{a: b":         "invalid YAML",
		"localhost:1":   "Is the sidecar running?",
		"0.0.0.0:1":     "Is the sidecar running?",
		`"[::]:1"`:      "Is the sidecar running?",
		"127.0.0.1:1 #": "Is the sidecar running?",
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
