package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
	"github.com/tokengraft/tokengraft/internal/cli"
	"github.com/tokengraft/tokengraft/internal/e2e"
)

const (
	exitNo     = 3
	adminToken = "an-admin-token-of-a-test"
	fileSecret = "0123456789abcdef0123456789abcdef"
)

// A served is a sidecar that runs with the file at path.
type served struct{ path, url string }

// startServe runs serve until the end of the test. Token is the admin token of the file, or "".
func startServe(t *testing.T, token string) served {
	t.Helper()
	admin := e2e.FreeAddress(t)
	text := "listen: 127.0.0.1:0\nbackend: http://127.0.0.1:1\nadmin: " + string(admin) + "\n"
	if token != "" {
		text += "admin_token: " + token + "\n"
	}
	text += "verify: {secret: " + fileSecret + ", issuer: me}\nrules: [{match: POST /login, tokens: [json:token]}]\n" +
		"claim:\n  name: custom_data # its name\ndocuments: {file: users.json, user_id_field: id}\n"
	s := served{writeConfig(t, text, map[string]string{"users.json": "[]"}), admin.URL("")}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	var log bytes.Buffer // read only after done
	go func() {
		defer close(done)
		cli.Run(ctx, []string{"serve", "-c", s.path}, strings.NewReader(""), &log, &log)
	}()
	t.Cleanup(func() {
		stop()
		<-done
		if t.Failed() {
			t.Logf("the log of serve:\n%s", log.String())
		}
	})
	e2e.Eventually(t, "the admin listener answers", func() bool {
		reply, err := admin.Try("GET", "/livez", "")
		return err == nil && reply.Status == http.StatusOK
	})
	return s
}

// config runs a command of config with the file of the sidecar.
func (s served) config(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return run(t, append([]string{"config", args[0], "-c", s.path}, args[1:]...)...)
}

// text returns the file of the sidecar.
func (s served) text(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// running returns what the sidecar says about its configuration.
func (s served) running(t *testing.T) (found adminapi.Config) {
	t.Helper()
	_, stdout, stderr := s.config(t, "get", "-o", "json")
	if err := json.Unmarshal([]byte(stdout), &found); err != nil {
		t.Fatalf("config get -o json prints %q, stderr %q: %v", stdout, stderr, err)
	}
	return found
}

// draft writes the file with a change as another file, and returns its path.
func (s served) draft(t *testing.T, old, new string) string {
	t.Helper()
	_, text, _ := s.config(t, "get")
	if !strings.Contains(text, old) {
		t.Fatalf("the file is\n%s\nwant %q in it", text, old)
	}
	path := filepath.Join(t.TempDir(), "draft.yaml")
	if err := os.WriteFile(path, []byte(strings.Replace(text, old, new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// wants fails the test if a command did something else.
func wants(t *testing.T, code int, stdout, stderr string, wantCode int, inStdout, inStderr []string) {
	t.Helper()
	missing := slices.ContainsFunc(inStdout, func(part string) bool { return !strings.Contains(stdout, part) }) ||
		slices.ContainsFunc(inStderr, func(part string) bool { return !strings.Contains(stderr, part) })
	if code != wantCode || missing {
		t.Errorf("exit code %d, stdout\n%s\nstderr\n%s\nwant %d, %q and %q", code, stdout, stderr, wantCode, inStdout, inStderr)
	}
	for _, secret := range []string{adminToken, fileSecret} {
		if strings.Contains(stdout+stderr, secret) {
			t.Errorf("the output has a secret:\n%s%s", stdout, stderr)
		}
	}
}

func TestConfig_DeploysAndRollsBack(t *testing.T) {
	s := startServe(t, adminToken)
	before := s.text(t)
	code, stdout, stderr := s.config(t, "get")
	wants(t, code, stdout, stderr, exitOK, []string{`admin_token: "[redacted]"`, "name: custom_data # its name\n"}, []string{"has the revision " + s.running(t).Revision})
	code, stdout, stderr = s.config(t, "get", "--versions")
	wants(t, code, stdout, stderr, exitOK, []string{"nothing was deployed yet"}, nil)

	draft := s.draft(t, "custom_data", "app_data")
	code, stdout, stderr = s.config(t, "diff", draft)
	wants(t, code, stdout, stderr, exitOK, []string{"-  name: custom_data", "+  name: app_data # its name", "changed: claim.name\n", "effect on the last logins: "}, nil)
	if s.text(t) != before {
		t.Fatalf("diff has changed the file to\n%s", s.text(t))
	}

	code, stdout, stderr = s.config(t, "deploy", "--base", s.running(t).Revision, draft)
	wants(t, code, stdout, stderr, exitOK, []string{"+  name: app_data", "deployed the version ", "changed: claim.name\n"}, nil)
	if got, want := s.text(t), strings.Replace(before, "custom_data", "app_data", 1); got != want {
		t.Errorf("the file is\n%s\nwant\n%s", got, want)
	}
	if name := s.running(t).Settings.ClaimName; name != "app_data" {
		t.Errorf("the running claim.name is %q, want app_data", name)
	}

	code, stdout, stderr = s.config(t, "rollback")
	wants(t, code, stdout, stderr, exitOK, []string{"+  name: custom_data", "changed: claim.name\n"}, nil)
	if got := s.text(t); got != before || s.running(t).Settings.ClaimName != "custom_data" {
		t.Errorf("after the rollback the file is\n%s\nwant\n%s", got, before)
	}
	versions := s.running(t).Versions
	code, stdout, stderr = s.config(t, "get", "--versions")
	wants(t, code, stdout, stderr, exitOK, []string{"VERSION", versions[0].ID, "current", versions[1].Revision}, nil)
	code, stdout, stderr = s.config(t, "rollback", "--to", versions[1].ID, "-o", "json")
	wants(t, code, stdout, stderr, exitOK, []string{`"version": {`, `"need_restart": []`}, nil)
	if name := s.running(t).Settings.ClaimName; name != "app_data" {
		t.Errorf("after rollback --to, claim.name is %q, want app_data", name)
	}
	code, stdout, stderr = s.config(t, "rollback", "--to", "nosuch")
	wants(t, code, stdout, stderr, exitFault, nil, []string{"`tokengraft config get --versions` lists the versions"})
}

func TestConfig_SetsSettings(t *testing.T) {
	s := startServe(t, adminToken)
	code, stdout, stderr := s.config(t, "diff", "--set", "claim.include=[a, b]", "--set", "claim.max_size=8KiB", "--unset", "claim.name", "-o", "json")
	wants(t, code, stdout, stderr, exitOK, nil, nil)
	var review adminapi.Review
	if err := json.Unmarshal([]byte(stdout), &review); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(review.Changed, "claim.include") || !strings.Contains(review.Text, "include: [a, b]\n") || strings.Contains(review.Text, "custom_data") {
		t.Errorf("the review changes %q, and the text is\n%s", review.Changed, review.Text)
	}
	code, stdout, stderr = s.config(t, "deploy", "--set", "shadow=true", "--set", "claim.max_size=4096")
	wants(t, code, stdout, stderr, exitOK, []string{"+shadow: true\n", "+  max_size: 4096\n"}, nil)
	if found := s.running(t); found.Settings.Mode != "shadow" || found.Settings.MaxSize != 4096 {
		t.Errorf("the running settings are %+v, want shadow and 4096", found.Settings)
	}
	code, stdout, stderr = s.config(t, "deploy", "--set", "listen=:1")
	wants(t, code, stdout, stderr, exitFault, nil, []string{"For others, send the whole text"})
	listen := s.draft(t, "listen: 127.0.0.1:0", "listen: localhost:0")
	code, stdout, stderr = s.config(t, "diff", listen)
	wants(t, code, stdout, stderr, exitOK, []string{"restart: listen\n"}, nil)
}

func TestConfig_RefusesFaults(t *testing.T) {
	s := startServe(t, adminToken)
	before, draft := s.text(t), s.draft(t, "custom_data", "sub")
	code, stdout, stderr := s.config(t, "diff", draft)
	wants(t, code, stdout, stderr, exitNo, []string{"+  name: sub", "fault  ", "tokengraft.yaml:8:9: claim.name: "}, []string{"the draft has 1 fault\n"})
	code, stdout, stderr = s.config(t, "deploy", draft)
	wants(t, code, stdout, stderr, exitNo, nil, []string{"The draft has faults, so nothing was changed.", "tokengraft.yaml:8:9: claim.name: "})
	if stdout != "" || s.text(t) != before {
		t.Errorf("deploy of faults prints %q, and the file is\n%s", stdout, s.text(t))
	}
	code, stdout, stderr = s.config(t, "deploy", draft, "-o", "json")
	wants(t, code, stdout, stderr, exitNo, []string{`"type": "urn:tokengraft:configuration-faults"`, `"path": "claim.name"`}, nil)

	code, stdout, stderr = s.config(t, "deploy", "--base", "0000", s.draft(t, "custom_data", "app_data"))
	wants(t, code, stdout, stderr, exitFault, nil, []string{"The file has changed since the draft was made", "deploy it with --base"})
	code, stdout, stderr = s.config(t, "deploy", "--base", "0000", "--set", "claim.name=app_data", "-o", "json")
	wants(t, code, stdout, stderr, exitFault, []string{`"type": "urn:tokengraft:conflict"`}, nil)
	if s.text(t) != before {
		t.Errorf("a conflict has changed the file to\n%s", s.text(t))
	}
}

// A person breaks the file of a sidecar that runs, and uses the commands to repair it.
func TestConfig_RepairsAFileWithFaults(t *testing.T) {
	s := startServe(t, adminToken)
	code, stdout, stderr := s.config(t, "deploy", "--set", "shadow=true")
	wants(t, code, stdout, stderr, exitOK, nil, nil)
	good := s.text(t)
	if err := os.WriteFile(s.path, []byte(good+"unheard_of: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e2e.Eventually(t, "the sidecar sees the fault", func() bool { return s.running(t).Fault != "" })
	code, stdout, stderr = s.config(t, "get")
	wants(t, code, stdout, stderr, exitOK, []string{"unheard_of: 1\n"}, []string{"warning: the file is not the running configuration: ", "unheard_of"})
	code, stdout, stderr = s.config(t, "rollback", "--to", s.running(t).Versions[0].ID)
	wants(t, code, stdout, stderr, exitOK, []string{"-unheard_of: 1"}, nil)
	if s.text(t) != good {
		t.Errorf("the file is\n%s\nwant\n%s", s.text(t), good)
	}
}

func TestConfig_NeedsTheToken(t *testing.T) {
	s := startServe(t, adminToken)
	before := s.text(t)
	tokens := writeFiles(t, map[string]string{"right": adminToken + "\n", "wrong": "another\n", "empty": "\n", "odd": "a b"})
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
		{[]string{"get", "-c", "nosuch.yaml"}, exitUsage, "Name the configuration file with -c FILE"},
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

// What a server sends cannot control a terminal.
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
