package footprint

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }

// The limits are a little over the sizes on amd64. A dependency that takes megabytes is
// noticed here, and so is one that makes the linker keep all methods, such as
// text/template in the slim program.
func TestProgram_HasALimitedSize(t *testing.T) {
	if testing.Short() {
		t.Skip("builds two programs")
	}
	for _, test := range []struct {
		name, tags string
		megabytes  int64
	}{
		{"with the JavaScript engine", "", 39},
		{"make slim", "nojavascript,grpcnotrace", 27},
	} {
		t.Run(test.name, func(t *testing.T) {
			info, err := os.Stat(build(t, test.tags))
			if err != nil {
				t.Fatal(err)
			}
			if info.Size() > test.megabytes*1e6 {
				t.Errorf("the program is %.1f MB, want at most %d MB. `go build -ldflags=-dumpdep` shows why something is in it", float64(info.Size())/1e6, test.megabytes)
			}
		})
	}
}

// build builds the program as releases are built, for linux/amd64, and returns its path.
func build(t *testing.T, tags string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "tokengraft")
	cmd := exec.Command("go", "build", "-tags", tags, "-trimpath", "-ldflags", "-s -w", "-o", path, ".")
	cmd.Dir = "../../.."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}
