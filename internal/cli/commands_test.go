package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
	"github.com/tokengraft/tokengraft/internal/demo"
)

// A command line that is wrong says what to type instead, and exits with 2; one
// that asks for the version or for help is not wrong.
func TestCommandLineTellsWhatToType(t *testing.T) {
	for _, test := range []struct {
		args           string
		code           int
		stdout, stderr string
	}{
		{args: "", code: exitOK, stdout: "Usage:"},
		{args: "--help", code: exitOK, stdout: "Usage:"},
		{args: "help keys rotate", code: exitOK, stdout: "tokengraft keys rotate [flags]"},
		{args: "help nosuch", code: exitUsage, stderr: `unknown command "nosuch" for "tokengraft"`},
		{args: "help keys nosuch", code: exitUsage, stderr: `unknown command "nosuch" for "tokengraft keys"`},
		{args: "version", code: exitOK, stdout: "tokengraft "},
		{args: "--version", code: exitOK, stdout: "tokengraft "},
		{args: "nosuch", code: exitUsage, stderr: `unknown command "nosuch" for "tokengraft"`},
		{args: "serve --nosuch", code: exitUsage, stderr: "unknown flag: --nosuch"},
		{args: "serve my.yaml", code: exitUsage, stderr: "tokengraft: serve takes no argument, want -c my.yaml for a configuration file"},
		{args: "check my.yaml", code: exitUsage, stderr: "tokengraft: check takes no argument, want -c my.yaml for a configuration file"},
		{args: "keys list mykeys", code: exitUsage, stderr: "tokengraft: keys list takes no argument, want --dir mykeys for a directory of keys"},
		{args: "schema my.yaml", code: exitUsage, stderr: `tokengraft: schema takes no argument, and "my.yaml" is one`},
		{args: "keys", code: exitUsage, stderr: "tokengraft: keys wants one of its commands\nUsage:"},
		{args: "import", code: exitUsage, stderr: "tokengraft: import wants one of its commands\nUsage:"},
		{args: "completion", code: exitUsage, stderr: "tokengraft: completion wants one of its commands\nUsage:"},
		{args: "keys nosuch", code: exitUsage, stderr: `unknown command "nosuch" for "tokengraft keys"`},
		{args: "completion nosuch", code: exitUsage, stderr: `unknown command "nosuch" for "tokengraft completion"`},
		{args: "keys list --dir nosuch", code: exitFault, stderr: "Name the directory with --dir DIR, or a configuration with -c FILE; keys new makes one"},
		{args: "try -c nosuch.yaml", code: exitUsage, stderr: "no token: give it as the argument or on standard input"},
	} {
		var stdout, stderr bytes.Buffer
		code := Run(t.Context(), strings.Fields(test.args), strings.NewReader(""), &stdout, &stderr)
		if code != test.code || !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("tokengraft %s exits with %d, stdout %.200q, stderr %.300q; want %d, %q, %q",
				test.args, code, &stdout, &stderr, test.code, test.stdout, test.stderr)
		}
		if test.code != exitOK && stdout.Len() > 0 {
			t.Errorf("tokengraft %s fails and writes %.100q to stdout, where a script takes it for what it wanted", test.args, &stdout)
		}
	}
}

func TestTokenToTryIsTheFirstLine(t *testing.T) {
	for _, test := range []struct{ argument, stdin, want string }{
		{stdin: "a.b.c\n", want: "a.b.c"},
		{stdin: "\n  a.b.c \r\nd.e.f\n", want: "a.b.c"},
		{stdin: "Bearer a.b.c", want: "a.b.c"},
		{stdin: "bearer  a.b.c", want: "a.b.c"},
		{argument: "Bearer a.b.c", stdin: "d.e.f", want: "a.b.c"},
		{argument: " ", stdin: "d.e.f", want: "d.e.f"},
	} {
		token, err := tokenOf(strings.NewReader(test.stdin), []string{test.argument})
		if token != test.want || err != nil {
			t.Errorf("token of argument %q and stdin %q is %q (%v), want %q", test.argument, test.stdin, token, err, test.want)
		}
	}
}

// Nobody may be typing.
func TestTryThatWaitsForATokenCanBeInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stdin, typing := io.Pipe()
		defer typing.Close()
		ctx, interrupt := context.WithCancel(t.Context())
		interrupt()
		if code := Run(ctx, []string{"try"}, stdin, io.Discard, io.Discard); code != exitFault {
			t.Errorf("try exits with %d, want %d", code, exitFault)
		}
	})
}

// writeFiles makes a folder of these files, and returns its path.
func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What the demonstration says to try works, and shows something.
func TestDemoInvitesToWhatWorks(t *testing.T) {
	d, err := demo.Start(t.Context(), "v1")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Stop()
	var shown, invitation bytes.Buffer
	token, err := showDemo(t.Context(), &shown, d)
	if err != nil {
		t.Fatal(err)
	}
	inviteToDemo(&invitation, d, token)
	for _, want := range []string{d.Public + "/login", d.Public + "/.well-known/jwks.json", d.Admin + "/metrics", d.Dir + "/tokengraft.yaml", "sed -i.bak "} {
		if !strings.Contains(invitation.String(), want) {
			t.Errorf("it does not invite to %s:\n%s", want, &invitation)
		}
	}
	if metrics := get(t, d.Admin+"/metrics"); !strings.Contains(metrics, `tokengraft_tokens_total{reason="ok",rule="POST /login"} 2`) {
		t.Errorf("the metrics count no login:\n%s", metrics)
	}
	users := filepath.Join(d.Dir, "users.json")
	documents, err := os.ReadFile(users)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(users, bytes.ReplaceAll(documents, []byte("Wien"), []byte("Graz")), 0o600); err != nil {
		t.Fatal(err)
	}
	refresh := regexp.MustCompile(`(http://\S+) -d grant_type=refresh_token -d refresh_token=(\S+)`).FindStringSubmatch(invitation.String())
	if refresh == nil {
		t.Fatalf("it does not invite to a refresh:\n%s", &invitation)
	}
	response, err := http.PostForm(refresh[1], url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh[2]}})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var tokens demo.Tokens
	if err := json.NewDecoder(response.Body).Decode(&tokens); err != nil {
		t.Fatal(err)
	}
	if _, claims := enrichtest.DecodeToken(t, tokens.Access); !strings.Contains(claims, "Graz") {
		t.Errorf("claims after the document changed: %s", claims)
	}
}
