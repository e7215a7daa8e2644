package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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

	deployed := s.running(t)
	code, stdout, stderr = s.config(t, "deploy", draft) // as a pipeline does that has nothing new
	wants(t, code, stdout, stderr, exitOK, nil, []string{"The draft is the file as it is."})
	if again := s.running(t); len(again.Versions) != len(deployed.Versions) || again.Revision != deployed.Revision {
		t.Errorf("the same draft again made %+v of %+v", again, deployed)
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
