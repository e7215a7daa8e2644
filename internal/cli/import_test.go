package cli_test

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestImport_ExitCodesOfFaultsAndWrongUsageDiffer(t *testing.T) {
	broken := writeFiles(t, map[string]string{"realm_config.json": "{"})
	sample := filepath.Join("..", "..", "examples", "app-services", "app")
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
		got, stdout, stderr := run(t, strings.Fields(tt.args)...)
		if got != tt.want || (stdout != "") != (tt.want == exitOK) || stderr == "" {
			t.Errorf("tokengraft %s: exit code %d, want %d; stdout %q, stderr %q", tt.args, got, tt.want, stdout, stderr)
		}
	}
}
