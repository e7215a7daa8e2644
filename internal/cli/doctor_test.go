package cli_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// exitChecksFailed is the exit code of doctor if some checks failed.
const exitChecksFailed = 3

const doctorConfig = `listen: 127.0.0.1:0
admin: off
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: ["json:token"]}]
verify: {secret: 0123456789abcdef0123456789abcdef, issuer: me}
documents: {file: users.json, user_id_field: id}
`

// A wrong command line is exit code 2. No message quotes a body or a value.
func TestDoctor_SaysWhatIsWrongInItsFlags(t *testing.T) {
	path := writeConfig(t, doctorConfig, map[string]string{"users.json": "[]"})
	for _, test := range []struct{ args, want string }{
		{"--url http://127.0.0.1:1", "no body, and DOCTOR_USER and DOCTOR_PASSWORD are not set"},
		{"--login login", "--login: must be a method and a path, like 'POST /login', or @FILE"},
		{"--login @nowhere.http", "--login: open nowhere.http"},
		{"--data nowhere.json", "--data: open nowhere.json"},
		{"--data-env NOWHERE", "--data-env: the environment variable NOWHERE is not set"},
		{"--json {} --form a=b", "only one of --data, --data-env, --json and --form"},
		{"--json {} --header hunter2", "--header: must be a header line, like 'X-Tenant: ${TENANT}'"},
		{"--json {} --probe-header X:y", "--probe-header needs --probe"},
		{"--json {} --refresh-data {}", "--refresh-data needs --refresh"},
		{"--json {} --logout-data {}", "--logout-data needs --logout"},
		{"--json {} --url http://u:hunter2@h", "--url must be a URL like http://127.0.0.1:8080"},
		{"--json {\"p\":\"${hunter2", "a ${ is not followed by the name of a variable"},
		{"--json {}", "listen has port 0, and there is no public_url. Name it with --url"},
	} {
		args := append([]string{"doctor", "-c", path}, strings.Fields(test.args)...)
		code, stdout, stderr := run(t, args...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, test.want) || strings.Contains(stderr, "hunter2") {
			t.Errorf("tokengraft %q: exit code %d, stdout %q, stderr %q; want %d, %q and no secret", args, code, stdout, stderr, exitUsage, test.want)
		}
	}
}

// doctor -o json prints one document with all checks, and exits with 3 if some fail.
func TestDoctor_PrintsJSON(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	path := writeConfig(t, doctorConfig, map[string]string{"users.json": "[]"})
	code, stdout, stderr := run(t, "doctor", "-c", path, "--url", server.URL, "--json", "{}", "-o", "json")
	var report struct {
		Result                  string
		Passed, Failed, Skipped int
		Checks                  []struct{ Check, Status, Text, Hint string }
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != exitChecksFailed {
		t.Fatalf("doctor -o json: exit code %d, %v, stdout %s, stderr %s; want %d and JSON", code, err, stdout, stderr, exitChecksFailed)
	}
	if report.Result != "failed" || report.Failed == 0 || report.Passed+report.Failed+report.Skipped != len(report.Checks) {
		t.Errorf("doctor -o json: %+v, want failed, and numbers that are those of the checks", report)
	}
	for _, check := range report.Checks {
		if check.Check == "login" && (check.Status != "fail" || !strings.Contains(check.Text, "404") || check.Hint == "") {
			t.Errorf("login: %+v, want fail, 404 and a hint", check)
		}
	}
}
