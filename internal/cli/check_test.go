package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// What keeps serve from starting is told whatever else is away.
func TestCheckOpensTheFunctionsThoughMongoDBIsAway(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokengraft.yaml")
	const text = `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify: {secret: 0123456789abcdef0123456789abcdef, issuer: me}
documents:
  mongodb: {uri: "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50", database: app, collection: users}
  user_id_field: id
functions: {dir: gone}
user_creation: {function: create}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	code := Run(t.Context(), []string{"check", "-c", file}, strings.NewReader(""), &out, io.Discard)
	if code != exitFault {
		t.Errorf("exit code %d, want %d", code, exitFault)
	}
	for _, want := range []string{":6:12: documents.mongodb: ", ":8:18: functions.dir: " + filepath.Join(filepath.Dir(file), "gone") + ": "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

// What a file names and is wrong has its place in the file. serve ends with the
// first such fault, check tells all of them at once.
func TestWrongFilesAreToldWithTheSettingsThatNameThem(t *testing.T) {
	dir := writeFiles(t, map[string]string{"backend.pem": string(enrichtest.NewIssuer(t, "ES256").PublicPEM()), "users.json": "[]"})
	junk := writeFiles(t, map[string]string{"junk.pem": "junk"})
	file := filepath.Join(dir, "tokengraft.yaml")
	for _, test := range []struct {
		command, public, keys, users string
		want                         []string
	}{
		{"serve", "gone.pem", "keys", "users.json", []string{":5:15: verify.public_key: "}},
		{"serve", "backend.pem", junk, "users.json", []string{":7:9: sign.keys: "}},
		{"serve", "backend.pem", "keys", "gone.json", []string{":9:9: documents.file: "}},
		{"check", "gone.pem", junk, "gone.json", []string{":5:15: verify.public_key: ", ":7:9: sign.keys: ", ":9:9: documents.file: "}},
	} {
		text := fmt.Sprintf(`listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify:
  public_key: %s
sign:
  keys: %s
documents:
  file: %s
  user_id_field: id
`, test.public, test.keys, test.users)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if code := Run(t.Context(), []string{test.command, "-c", file}, nil, &out, &out); code != exitFault {
			t.Errorf("%s: exit code %d, want %d", test.command, code, exitFault)
		}
		for _, want := range test.want {
			if strings.Count(out.String(), file+want) != 1 {
				t.Errorf("%s does not tell %q once:\n%s", test.command, want, &out)
			}
		}
	}
}

// ServeMux takes what stands before the first slash for a host.
func TestCheckWarnsOfAPathWithoutItsSlash(t *testing.T) {
	dir := writeFiles(t, map[string]string{"users.json": "[]", "tokengraft.yaml": `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules:
  - {match: POST oauth/token, tokens: [body]}
  - {match: POST /oauth/token, tokens: [body]}
  - {match: login/, tokens: [body]}
  - {match: auth.example.com/login, tokens: [body]}
verify: {secret: 0123456789abcdef0123456789abcdef, issuer: me}
documents: {file: users.json, user_id_field: id}
`})
	var out bytes.Buffer
	Run(t.Context(), []string{"check", "-c", filepath.Join(dir, "tokengraft.yaml")}, nil, &out, io.Discard)
	for _, want := range []string{":4:13: rules[0].match: is for the host oauth only; a path begins with a slash", ":6:13: rules[2].match: is for the host login only"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if n := strings.Count(out.String(), "is for the host"); n != 2 {
		t.Errorf("%d warnings of hosts, want 2:\n%s", n, &out)
	}
}

// Keys that verify nothing are no keys.
func TestCheckWantsKeysThatVerify(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	none := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"keys":[]}`) }))
	defer none.Close()
	some := httptest.NewServer(issuer)
	defer some.Close()
	for verify, want := range map[string]string{
		"jwks: " + none.URL:                                           ":4:16: verify.jwks: no key in it verifies a signature",
		"jwks: " + some.URL + ", algorithms: [RS256]":                 "verify.algorithms: fit none of the backend's keys",
		"public_key: backend.pem, algorithms: [RS256]":                "verify.algorithms: fit none of the backend's keys",
		"jwks: " + some.URL:                                           "",
		"public_key: backend.pem, algorithms: [ES256]":                "",
		"secret: 0123456789abcdef0123456789abcdef, jwks: " + none.URL: "",
	} {
		text := fmt.Sprintf(`listen: 127.0.0.1:0
backend: %s
rules: [{match: POST /login, tokens: [body]}]
verify: {%s}
sign: {keys: keys}
documents: {file: users.json, user_id_field: id}
`, none.URL, verify)
		dir := writeFiles(t, map[string]string{"tokengraft.yaml": text, "users.json": "[]", "backend.pem": string(issuer.PublicPEM())})
		var out bytes.Buffer
		code := Run(t.Context(), []string{"check", "-c", filepath.Join(dir, "tokengraft.yaml")}, nil, &out, io.Discard)
		if (code == exitOK) != (want == "") || !strings.Contains(out.String(), want) {
			t.Errorf("check with verify: {%s} exits with %d, want the fault %q:\n%s", verify, code, want, &out)
		}
	}
}

func TestADirectoryOfValuesThatIsMissingIsTold(t *testing.T) {
	dir := writeFiles(t, map[string]string{"f.js": "exports = function() {}", "tokengraft.yaml": `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify: {secret: 0123456789abcdef0123456789abcdef, issuer: me}
documents:
  mongodb: {uri: "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50", database: app, collection: users}
  user_id_field: id
functions: {dir: ., values: gone}
user_creation: {function: f}
`})
	var stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // it must not serve
	defer cancel()
	if code := Run(ctx, []string{"serve", "-c", filepath.Join(dir, "tokengraft.yaml")}, nil, io.Discard, &stderr); code != exitFault {
		t.Errorf("serve: exit code %d, want %d", code, exitFault)
	}
	if want := ":8:29: functions.values: "; !strings.Contains(stderr.String(), want) {
		t.Errorf("no %q in %s", want, &stderr)
	}
}
