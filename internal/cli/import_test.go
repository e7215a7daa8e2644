package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestImportTellsByItsExitCode(t *testing.T) {
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "realm_config.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	sample := filepath.Join("examples", "app-services", "app")
	for _, tt := range []struct {
		args string
		want int
	}{
		{"import app-services " + sample, exitOK},
		{"import app-services " + broken, exitFault},
		{"import app-services " + t.TempDir(), exitFault},
		{"import app-services " + filepath.Join(broken, "nowhere"), exitUsage},
		{"import app-services " + filepath.Join(broken, "realm_config.json"), exitUsage},
		{"import app-services", exitUsage},
		{"import", exitUsage},
		{"import other", exitUsage},
	} {
		var stdout, stderr bytes.Buffer
		got := Run(t.Context(), strings.Fields(tt.args), strings.NewReader(""), &stdout, &stderr)
		if got != tt.want || (stdout.Len() > 0) != (tt.want == exitOK) || stderr.Len() == 0 {
			t.Errorf("%s: exit code %d, want %d; stdout %q, stderr %q", tt.args, got, tt.want, &stdout, &stderr)
		}
	}
}
