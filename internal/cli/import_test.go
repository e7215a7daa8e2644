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

// The paths of the output fit the file that it is saved as.
func TestImport_WritesPathsRelativeToTheConfiguration(t *testing.T) {
	sample, err := filepath.Abs(filepath.Join("..", "..", "examples", "app-services", "app"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(sample))
	for _, tt := range []struct{ flag, dir, want string }{
		{"", "app", `"app/functions"`},
		{"tokengraft.yaml", "app", `"app/functions"`},
		{"conf/tokengraft.yaml", "app", `"../app/functions"`},
		{"app/tokengraft.yaml", "app", `"functions"`},
		{"conf/tokengraft.yaml", sample, `"` + sample + `/functions"`},
	} {
		args := []string{"import", "app-services", tt.dir}
		if tt.flag != "" {
			args = append(args, "-c", tt.flag)
		}
		if got, want := output(t, args...), "dir: "+tt.want; !strings.Contains(got, want) {
			t.Errorf("tokengraft %s prints\n%s\nwant %q in it", strings.Join(args, " "), got, want)
		}
	}
}
