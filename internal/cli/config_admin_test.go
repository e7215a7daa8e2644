package cli_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

func TestConfig_NeedsTheToken(t *testing.T) {
	s := startServe(t, adminToken)
	before := s.text(t)
	tokens := writeFiles(t, map[string]string{"right": adminToken + "\n", "wrong": "another\n", "empty": "\n", "odd": "a\x07b"})
	file := func(name string) string { return filepath.Join(tokens, name) }
	for _, test := range []struct {
		env    string
		args   []string
		code   int
		stderr string
	}{
		{"", []string{"deploy", "--admin", s.url, "--set", "shadow=true"}, exitFault, "No admin token was sent. Send it with --token-file FILE, or TOKENGRAFT_ADMIN_TOKEN"},
		{"another", []string{"deploy", "--admin", s.url, "--set", "shadow=true"}, exitFault, "is not the one of this sidecar. It comes from the environment variable"},
		{"", []string{"rollback", "--admin", s.url, "--token-file", file("wrong")}, exitFault, "It comes from " + file("wrong")},
		{"", []string{"diff", "--admin", s.url, s.path}, exitFault, "A whole text can name files and servers"},
		{"", []string{"get", "--admin", s.url, "--token-file", file("empty")}, exitUsage, "is empty or too large"},
		{"", []string{"get", "--admin", s.url, "--token-file", file("odd")}, exitUsage, "a character that a header cannot carry"},
		{"", []string{"get", "--admin", s.url, "--token-file", file("nosuch")}, exitUsage, "--token-file: "},
		{"", []string{"get", "--admin", s.url}, exitOK, ""},
		{"another", []string{"deploy", "--admin", s.url + "/", "--token-file", file("right"), "--set", "claim.max_size=5000"}, exitOK, ""},
		{adminToken, []string{"rollback", "--admin", s.url}, exitOK, ""},
	} {
		t.Setenv("TOKENGRAFT_ADMIN_TOKEN", test.env)
		code, stdout, stderr := run(t, append([]string{"config"}, test.args...)...)
		wants(t, code, stdout, stderr, test.code, nil, []string{test.stderr})
	}
	if s.text(t) != before {
		t.Errorf("the file is\n%s\nwant\n%s", s.text(t), before)
	}

	s = startServe(t, "")
	t.Setenv("TOKENGRAFT_ADMIN_TOKEN", adminToken) // is not for the sidecar of a file
	code, stdout, stderr := s.config(t, "deploy", "--set", "shadow=true")
	wants(t, code, stdout, stderr, exitFault, nil, []string{"no admin_token is configured", "No admin token was sent"})
}

func TestConfig_SaysWhyItCannotAsk(t *testing.T) {
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusNotFound)
	}))
	defer stranger.Close()
	off := writeConfig(t, "listen: 127.0.0.1:0\nbackend: http://127.0.0.1:1\nadmin: off\nverify: {secret: "+fileSecret+"}\nrules: [{match: POST /login, tokens: [json:token]}]\ndocuments: {file: users.json, user_id_field: id}\n", map[string]string{"users.json": "[]"})
	for _, test := range []struct {
		args   []string
		code   int
		stderr string
	}{
		{[]string{"get", "--admin", stranger.URL}, exitFault, stranger.URL + "/api/config answered 404 Not Found, but not as the admin listener of tokengraft does"},
		{[]string{"get", "--admin", "http://127.0.0.1:1"}, exitFault, "Is the sidecar running?"},
		{[]string{"get", "--admin", "127.0.0.1:1"}, exitUsage, "--admin must be a URL such as http://127.0.0.1:9901"},
		{[]string{"get", "--admin", "http://name:secret@127.0.0.1:1"}, exitUsage, "without a name, a password or a query"},
		{[]string{"get", "--admin", "http://127.0.0.1:1", "-c", off}, exitUsage, "--admin cannot be combined with -c"},
		{[]string{"get", "-c", off}, exitFault, "admin: is off, so config get cannot ask the sidecar"},
		{[]string{"get", "-c", "nosuch.yaml"}, exitUsage, "Or name the address of the sidecar with --admin URL"},
		{[]string{"diff", "-c", off}, exitUsage, "the draft is missing; name a FILE, or change settings with --set"},
		{[]string{"diff", "-c", off, "nosuch.yaml"}, exitUsage, "the draft cannot be read: "},
		{[]string{"diff", "-c", off, off, "--set", "shadow=true"}, exitUsage, "a FILE cannot be combined with --set and --unset"},
		{[]string{"diff", "-c", "-", "-"}, exitUsage, "standard input cannot be both"},
		{[]string{"diff", "-c", off, off, off}, exitUsage, "config diff takes at most one argument, FILE, but got 2"},
		{[]string{"deploy", "-c", off, "--set", "shadow"}, exitUsage, "want PATH=VALUE"},
		{[]string{"deploy", "-c", off, "--set", "claim.include=[a, {b: c}]"}, exitUsage, "the value of claim.include: item 2 of the list is not text"},
		{[]string{"deploy", "-c", off, "--unset", "shadow=true"}, exitUsage, "want the path of a setting"},
		{nil, exitUsage, "config needs one of its commands"},
	} {
		code, stdout, stderr := run(t, append([]string{"config"}, test.args...)...)
		wants(t, code, stdout, stderr, test.code, nil, []string{test.stderr})
		if stdout != "" {
			t.Errorf("config %q fails, but prints %q", test.args, stdout)
		}
	}
	code, stdout, stderr := run(t, "config", "get", "--admin", stranger.URL, "-o", "json")
	wants(t, code, stdout, stderr, exitFault, []string{`"detail": "` + stranger.URL}, []string{"answered 404"})
}

// A change that was sent, but not answered, may have been made.
func TestConfig_SaysThatAChangeMayHaveBeenMade(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "9") }))
	defer server.Close()
	const hint = "The sidecar may have made the change. `tokengraft config get --versions` shows"
	code, stdout, stderr := run(t, "config", "rollback", "--admin", server.URL)
	wants(t, code, stdout, stderr, exitFault, nil, []string{hint})
	if _, _, stderr := run(t, "config", "deploy", "--admin", server.URL, "--set", "shadow=true"); strings.Contains(stderr, hint) {
		t.Errorf("deploy fails before the draft is sent, but says %q", stderr)
	}
}

// A sidecar that cannot write its file says what to change where the file comes from.
func TestConfig_PrintsTheDiffOfAReadOnlyFile(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(adminapi.Problem{Type: adminapi.ReadOnlyType, Detail: "The file is mounted.", Diff: "-a\n+b\n"})
	}))
	defer server.Close()
	code, stdout, stderr := run(t, "config", "deploy", "--admin", server.URL, "--base", "0", "--set", "shadow=true")
	wants(t, code, stdout, stderr, exitFault, []string{"-a\n+b\n"}, []string{"The file is mounted.\nApply the difference that is printed where the file comes from"})
}

// A server cannot control the terminal of the person who asks it.
func TestConfig_PrintsNoControlCharacters(t *testing.T) {
	const evil = "\x1b[2J\u009b2J\u202e\x07"
	version := adminapi.Version{ID: evil, Time: time.Unix(0, 0), Revision: evil, Changed: []string{evil}}
	finding := adminapi.Finding{Severity: evil, Message: evil, Hint: evil, File: evil, Path: evil, Line: 1}
	answers := map[string]any{
		"/api/config":          adminapi.Config{File: evil, Text: "a:\tb\r\n" + evil + "\n", Revision: evil, Fault: evil, ReadOnly: evil, Versions: []adminapi.Version{version}, Settings: adminapi.DataSettings{Mode: "live"}},
		"/api/config/rollback": adminapi.Deployment{Version: version, Changed: []string{evil}, NeedRestart: []string{evil}, Diff: evil},
		"/api/config/deploy":   &adminapi.Problem{Type: adminapi.FaultsType, Detail: evil, Diff: evil, Faults: []adminapi.Finding{finding}},
		"/api/config/review": adminapi.Review{Base: evil, Warnings: []adminapi.Finding{finding}, Changed: []string{evil}, NeedRestart: []string{evil}, Diff: evil, Effect: &adminapi.Effect{
			Logins: 1, Notes: []string{evil}, Reasons: []adminapi.ReasonEffect{{Reason: evil}}, Sizes: []adminapi.SizeEffect{{What: evil, Setting: evil, Limit: 1, MaxThen: 2}},
		}},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if _, ok := answers[r.URL.Path].(*adminapi.Problem); ok {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
		_ = json.NewEncoder(w).Encode(answers[r.URL.Path])
	}))
	defer server.Close()
	for _, args := range [][]string{{"get"}, {"get", "--versions"}, {"rollback"}, {"diff", "--set", "shadow=true"}, {"deploy", "--set", "shadow=true"}} {
		for _, form := range []string{"text", "json"} {
			_, stdout, stderr := run(t, append([]string{"config", "--admin", server.URL, "-o", form}, args...)...)
			if all := stdout + stderr; strings.ContainsAny(all, "\x1b\u009b\x07") || !strings.Contains(all, `\u001b`) {
				t.Errorf("config %q -o %s prints %q, want escapes", args, form, all)
			}
		}
	}
	if text := output(t, "config", "get", "--admin", server.URL); !strings.HasPrefix(text, "a:\tb\r\n") {
		t.Errorf("config get prints %q, want tabs and line ends as they are", text)
	}
}
