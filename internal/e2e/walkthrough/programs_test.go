package walkthrough_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// programs say how what walkthroughs run next to the sidecar is built, by the
// name that they run it by.
var programs = map[string]func(t *testing.T, path string) (built string){
	"backend":     example("./examples/backend"),
	"appservices": example("./examples/app-services/backend"),
	"seed":        example("./examples/seed"),
	"client":      example("./examples/oidc/client"),
	"ferretdb":    testbed,
	"zitadel":     testbed,
}

func testbed(t *testing.T, path string) string {
	return enrichtest.BuildProgram(t, filepath.Base(path))
}

// example returns what builds a program of ours.
func example(pkg string) func(t *testing.T, path string) (built string) {
	return func(t *testing.T, path string) string {
		if out, err := exec.Command("go", "build", "-o", path, pkg).CombinedOutput(); err != nil {
			t.Fatalf("go build %s: %v\n%s", pkg, err, out)
		}
		return path
	}
}

// A workshop builds programs once each, for those that run them.
type workshop struct {
	dir string
	mu  sync.Mutex
	at  map[string]string // built program by name
}

var execLine = regexp.MustCompile(`(?m)^(?:! )?exec (\S+)`)

// pathFor builds the programs that a script runs, and returns a PATH with them.
func (w *workshop) pathFor(t *testing.T, script string) string {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	folders := map[string]bool{}
	for _, line := range execLine.FindAllStringSubmatch(script, -1) {
		build := programs[line[1]]
		if build == nil {
			continue // one of the test binary's, or of the system's
		}
		if w.at[line[1]] == "" {
			w.at[line[1]] = build(t, filepath.Join(w.dir, line[1]))
		}
		folders[filepath.Dir(w.at[line[1]])] = true
	}
	return strings.Join(slices.Collect(maps.Keys(folders)), string(os.PathListSeparator))
}
