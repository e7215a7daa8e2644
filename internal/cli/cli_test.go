package cli_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokengraft/tokengraft/internal/cli"
)

// The exit codes that the documentation promises.
const (
	exitOK    = 0
	exitFault = 1
	exitUsage = 2 // also a wrong configuration
)

// run runs a command line to its end. It stops a serve that should have failed
// after a minute.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	code = cli.Run(ctx, args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// output returns what a command line prints. The test fails if the command fails.
func output(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := run(t, args...)
	if code != exitOK {
		t.Fatalf("tokengraft %q: exit code %d, stderr %s; want %d", args, code, stderr, exitOK)
	}
	return stdout
}

// writeFiles writes these files to a new folder, and returns its path.
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

// writeConfig writes a configuration and other files to a new folder, and returns
// the path of the configuration.
func writeConfig(t *testing.T, configuration string, files map[string]string) string {
	t.Helper()
	dir := writeFiles(t, files)
	path := filepath.Join(dir, "tokengraft.yaml")
	if err := os.WriteFile(path, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
