package cli_test

import (
	"strings"
	"testing"
)

// A wrong command line says what to type instead, and exits with 2. Commands that
// ask for the version or for help are not wrong.
func TestCommandLine_SaysWhatToType(t *testing.T) {
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
		{args: "serve my.yaml", code: exitUsage, stderr: "tokengraft: serve does not take an argument; use -c my.yaml for a configuration file"},
		{args: "check my.yaml", code: exitUsage, stderr: "tokengraft: check does not take an argument; use -c my.yaml for a configuration file"},
		{args: "keys list mykeys", code: exitUsage, stderr: "tokengraft: keys list does not take an argument; use --dir mykeys for a directory of keys"},
		{args: "schema my.yaml", code: exitUsage, stderr: `tokengraft: schema does not take an argument, but got "my.yaml"`},
		{args: "keys", code: exitUsage, stderr: "tokengraft: keys needs one of its commands\nUsage:"},
		{args: "import", code: exitUsage, stderr: "tokengraft: import needs one of its commands\nUsage:"},
		{args: "completion", code: exitUsage, stderr: "tokengraft: completion needs one of its commands\nUsage:"},
		{args: "keys nosuch", code: exitUsage, stderr: `unknown command "nosuch" for "tokengraft keys"`},
		{args: "completion nosuch", code: exitUsage, stderr: `unknown command "nosuch" for "tokengraft completion"`},
		{args: "keys list --dir nosuch", code: exitFault, stderr: "Name the directory with --dir DIR, or the configuration file with -c FILE. `tokengraft keys new` makes"},
		{args: "import app-services", code: exitUsage, stderr: "tokengraft: import app-services needs exactly one argument, DIR, but got 0"},
		{args: "try -c nosuch.yaml", code: exitUsage, stderr: "no token; pass it as the argument or on standard input"},
	} {
		code, stdout, stderr := run(t, strings.Fields(test.args)...)
		if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) {
			t.Errorf("tokengraft %s: exit code %d, stdout %.200q, stderr %.300q; want %d, %q, %q",
				test.args, code, stdout, stderr, test.code, test.stdout, test.stderr)
		}
		if test.code != exitOK && stdout != "" {
			t.Errorf("tokengraft %s fails but writes %.100q to stdout, want nothing: a script could use it as the result", test.args, stdout)
		}
	}
}
