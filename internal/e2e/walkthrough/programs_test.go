package walkthrough_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// programs are what walkthroughs run beside the sidecar, by the name that they
// run it by. They are built for those that do.
var programs = map[string]func(t *testing.T, name string) (path string){
	"backend":     example("./examples/backend"),
	"appservices": example("./examples/app-services/backend"),
	"seed":        example("./examples/seed"),
	"client":      example("./examples/oidc/client"),
	"ferretdb":    testbed,
	"zitadel":     testbed,
}

func testbed(t *testing.T, name string) string { return enrichtest.Program(t, name) }

// example returns what builds a program of ours.
func example(pkg string) func(t *testing.T, name string) (path string) {
	return func(t *testing.T, name string) string {
		path := filepath.Join(t.TempDir(), name)
		if out, err := exec.Command("go", "build", "-o", path, pkg).CombinedOutput(); err != nil {
			t.Fatalf("go build %s: %v\n%s", pkg, err, out)
		}
		return path
	}
}

var execLine = regexp.MustCompile(`(?m)^(?:! )?exec (\S+)`)

// programsIn returns the programs of the table that a script runs.
func programsIn(script string) map[string]bool {
	named := map[string]bool{}
	for _, line := range execLine.FindAllStringSubmatch(script, -1) {
		if programs[line[1]] != nil {
			named[line[1]] = true
		}
	}
	return named
}

// pathOf builds programs and returns a PATH with them.
func pathOf(t *testing.T, names map[string]bool) string {
	t.Helper()
	var folders []string
	for name := range names {
		folders = append(folders, filepath.Dir(programs[name](t, name)))
	}
	return strings.Join(folders, string(os.PathListSeparator))
}
