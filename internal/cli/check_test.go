package cli_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// Check reports everything that prevents serve from starting.
func TestCheck_ReportsFunctionsWithoutMongoDB(t *testing.T) {
	path := writeConfig(t, `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify: {secret: 0123456789abcdef0123456789abcdef, issuer: me}
documents:
  mongodb: {uri: "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50", database: app, collection: users}
  user_id_field: id
functions: {dir: gone}
user_creation: {function: create}
`, nil)
	code, stdout, _ := run(t, "check", "-c", path)
	if code != exitFault {
		t.Errorf("check: exit code %d, want %d", code, exitFault)
	}
	for _, want := range []string{":6:12: documents.mongodb: ", ":8:18: functions.dir: " + filepath.Join(filepath.Dir(path), "gone") + ": "} {
		if !strings.Contains(stdout, want) {
			t.Errorf("check prints\n%s\nwant %q in it", stdout, want)
		}
	}
}

// Two addresses of a discovery document are two errors in one finding.
func TestCheck_IndentsMoreLinesOfAFinding(t *testing.T) {
	path := writeConfig(t, `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
oidc: true
verify: {issuer: "https://auth.example.com/dex"}
sign: {keys: ./keys}
documents: {file: users.json, user_id_field: id}
`, map[string]string{"users.json": "[]"})
	_, stdout, _ := run(t, "check", "-c", path)
	if want := "\n       discovery document /dex/.well-known/openid-configuration: "; !strings.Contains(stdout, want) {
		t.Errorf("check prints\n%s\nwant %q in it", stdout, want)
	}
}

// check warns about what the functions that run use and do not have.
func TestCheck_WarnsAboutWhatFunctionsDoNotHave(t *testing.T) {
	path := writeConfig(t, `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify: {secret: 0123456789abcdef0123456789abcdef, issuer: me}
documents:
  mongodb: {uri: "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50", database: app, collection: users}
  user_id_field: id
functions: {dir: .}
user_creation: {function: create}
`, map[string]string{
		"create.js": "exports = async () => {\n  await fetch('https://api.example.com');\n  return utils.crypto.hash('sha256', 'a') }",
		"unused.js": "exports = () => require('axios')",
	})
	_, stdout, _ := run(t, "check", "-c", path)
	if want := ":8:18: functions.dir: create.js:2:9: fetch is not there: send the request with context.http, and list the host in functions.hosts\n"; !strings.Contains(stdout, want) {
		t.Errorf("check prints\n%s\nwant %q in it", stdout, want)
	}
	if strings.Contains(stdout, "axios") || strings.Contains(stdout, "utils") {
		t.Errorf("check prints\n%s\nwant nothing about a function that is not called, and nothing about utils.crypto", stdout)
	}
}

// A wrong file is reported at the setting that names it. serve ends with the first
// such fault; check reports all of them.
func TestFiles_WrongFilesAreReportedAtTheirSettings(t *testing.T) {
	junk := writeFiles(t, map[string]string{"junk.pem": "junk"})
	files := map[string]string{"backend.pem": string(enrichtest.NewIssuer(t, "ES256").PublicPEM()), "users.json": "[]"}
	for _, test := range []struct {
		command, public, keys, users string
		want                         []string
	}{
		{"serve", "gone.pem", "keys", "users.json", []string{":5:15: verify.public_key: "}},
		{"serve", "backend.pem", junk, "users.json", []string{":7:9: sign.keys: "}},
		{"serve", "backend.pem", "keys", "gone.json", []string{":9:9: documents.file: "}},
		{"check", "gone.pem", junk, "gone.json", []string{":5:15: verify.public_key: ", ":7:9: sign.keys: ", ":9:9: documents.file: "}},
	} {
		path := writeConfig(t, fmt.Sprintf(`listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify:
  public_key: %s
sign:
  keys: %s
documents:
  file: %s
  user_id_field: id
`, test.public, test.keys, test.users), files)
		code, stdout, stderr := run(t, test.command, "-c", path)
		if code != exitFault {
			t.Errorf("%s: exit code %d, want %d", test.command, code, exitFault)
		}
		for _, want := range test.want {
			if got := stdout + stderr; strings.Count(got, path+want) != 1 {
				t.Errorf("%s prints\n%s\nwant %q once", test.command, got, path+want)
			}
		}
	}
}

// For [http.ServeMux], the text before the first slash is a host.
func TestCheck_WarnsAboutAPathWithoutASlash(t *testing.T) {
	path := writeConfig(t, `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules:
  - {match: POST oauth/token, tokens: [body]}
  - {match: POST /oauth/token, tokens: [body]}
  - {match: login/, tokens: [body]}
  - {match: auth.example.com/login, tokens: [body]}
verify: {secret: 0123456789abcdef0123456789abcdef, issuer: me}
documents: {file: users.json, user_id_field: id}
`, map[string]string{"users.json": "[]"})
	_, stdout, _ := run(t, "check", "-c", path)
	for _, want := range []string{":4:13: rules[0].match: matches only requests for the host oauth; if this is a path, start it with a slash", ":6:13: rules[2].match: matches only requests for the host login"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("check prints\n%s\nwant %q in it", stdout, want)
		}
	}
	if n := strings.Count(stdout, "matches only requests for the host"); n != 2 {
		t.Errorf("check warns about %d hosts, want 2:\n%s", n, stdout)
	}
}

func TestCheck_ShowsHowRefreshesAreRecognized(t *testing.T) {
	path := writeConfig(t, `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules:
  - {match: POST /oauth/token, tokens: [body]}
  - {match: "POST /{app}/login", tokens: [body]}
  - {match: POST /auth/refresh, tokens: [body]}
  - {match: POST /signup, tokens: [body], refresh: never}
  - {match: POST /session, tokens: [body], refresh: always}
  - {match: POST /login;refresh, tokens: [body]}
verify: {secret: 0123456789abcdef0123456789abcdef, issuer: me}
documents: {file: users.json, user_id_field: id}
`, map[string]string{"users.json": "[]"})
	_, stdout, _ := run(t, "check", "-c", path)
	for _, want := range []string{
		"ok     POST /oauth/token, POST /{app}/login: logins and refreshes are distinguished by grant_type",
		"ok     POST /auth/refresh: every request without a credential is a refresh",
		"ok     POST /signup: every request is a login",
		"ok     POST /session: every request is a refresh",
		"rules[5].refresh: every request counts as both a login and a refresh, because backends could route the path differently; set it to always or never",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("check prints\n%s\nwant %q in it", stdout, want)
		}
	}
}

func TestCheck_ShowsWhereTokensOfRequestsAreRestored(t *testing.T) {
	const text = `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules:
  - {match: POST /login, tokens: [body]}
  - {match: POST /logout, restore: ["json:token", "query:t"]}
verify: {secret: 0123456789abcdef0123456789abcdef, issuer: me}
documents: {file: users.json, user_id_field: id}
`
	for _, tt := range []struct{ more, want string }{
		{"", "ok     POST /logout: for requests only, tokens are restored at json:token, query:t"},
		{"restore: {at: [\"query:accessToken\"]}\n", "ok     requests to any path: tokens are restored at query:accessToken"},
		{"restore: {at: [\"json:a.b\"]}\n", "restored at json:a.b; bodies of JSON and text, up to limits.body, are read before they are forwarded"},
		{"restore: {mode: off, at: [\"json:a.b\"]}\n", "restore.at: has no effect"},
		{"restore: off\n", ":5:"},
		{"restore: off\n", "rules[1].restore: has no effect, because tokens in requests are not restored; set restore: on, or remove it"},
	} {
		path := writeConfig(t, text+tt.more, map[string]string{"users.json": "[]"})
		if _, stdout, _ := run(t, "check", "-c", path); !strings.Contains(stdout, tt.want) {
			t.Errorf("check with %q prints\n%s\nwant %q in it", tt.more, stdout, tt.want)
		}
	}
}

func TestCheck_ReportsKeysThatCannotVerify(t *testing.T) {
	issuer := enrichtest.NewIssuer(t, "ES256")
	none := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"keys":[]}`) }))
	defer none.Close()
	some := httptest.NewServer(issuer)
	defer some.Close()
	for verify, want := range map[string]string{
		"jwks: " + none.URL:                                           ":4:16: verify.jwks: it contains no key that can verify a signature",
		"jwks: " + some.URL + ", algorithms: [RS256]":                 "verify.algorithms: none of the backend's keys can be used with these algorithms",
		"public_key: backend.pem, algorithms: [RS256]":                "verify.algorithms: none of the backend's keys can be used with these algorithms",
		"jwks: " + some.URL:                                           "",
		"public_key: backend.pem, algorithms: [ES256]":                "",
		"secret: 0123456789abcdef0123456789abcdef, jwks: " + none.URL: "",
	} {
		path := writeConfig(t, fmt.Sprintf(`listen: 127.0.0.1:0
backend: %s
rules: [{match: POST /login, tokens: [body]}]
verify: {%s}
sign: {keys: keys}
documents: {file: users.json, user_id_field: id}
`, none.URL, verify), map[string]string{"users.json": "[]", "backend.pem": string(issuer.PublicPEM())})
		code, stdout, _ := run(t, "check", "-c", path)
		if (code == exitOK) != (want == "") || !strings.Contains(stdout, want) {
			t.Errorf("check with verify: {%s}: exit code %d, want the fault %q in\n%s", verify, code, want, stdout)
		}
	}
}

func TestServe_ReportsAMissingDirectoryOfValues(t *testing.T) {
	path := writeConfig(t, `listen: 127.0.0.1:0
backend: http://127.0.0.1:1
rules: [{match: POST /login, tokens: [body]}]
verify: {secret: 0123456789abcdef0123456789abcdef, issuer: me}
documents:
  mongodb: {uri: "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50", database: app, collection: users}
  user_id_field: id
functions: {dir: ., values: gone}
user_creation: {function: f}
`, map[string]string{"f.js": "exports = function() {}"})
	code, _, stderr := run(t, "serve", "-c", path)
	if want := ":8:29: functions.values: "; code != exitFault || !strings.Contains(stderr, want) {
		t.Errorf("serve: exit code %d, stderr %s; want %d and %q", code, stderr, exitFault, want)
	}
}
