package programs

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/enrichtest"
)

// builders say how a program is built, by the name that users run it by. Each
// returns the path of the built program.
var builders = map[string]func(t testing.TB, root, path string) (built string){
	"backend":     example("./examples/backend"),
	"appservices": example("./examples/app-services/backend"),
	"seed":        example("./examples/seed"),
	"mongodb":     example("./examples/mongodb"),
	"client":      example("./examples/oidc/client"),
	"embed":       example("./examples/embed"),
	"ferretdb":    testbed,
	"zitadel":     testbed,
}

func testbed(t testing.TB, _, path string) string {
	return enrichtest.BuildProgram(t, filepath.Base(path))
}

// example returns the builder of a program of examples/.
func example(pkg string) func(t testing.TB, root, path string) (built string) {
	return func(t testing.TB, root, path string) string {
		cmd := exec.Command("go", "build", "-o", path, pkg)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go build %s: %v\n%s", pkg, err, out)
		}
		return path
	}
}

// A Builder builds each program once, for all tests that run it.
type Builder struct {
	root, dir string
	mu        sync.Mutex
	at        map[string]string // built program by name
}

// NewBuilder returns a Builder for the repository at root.
func NewBuilder(t testing.TB, root string) *Builder {
	root, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	return &Builder{root: root, dir: t.TempDir(), at: map[string]string{}}
}

// Path builds the programs of these names, and returns a PATH with them. It
// ignores other names: they are the test binary's or the system's. It skips the
// test if a server of the testbed cannot be built.
func (b *Builder) Path(t testing.TB, names []string) string {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	folders := map[string]bool{}
	for _, name := range names {
		build := builders[name]
		if build == nil {
			continue
		}
		if b.at[name] == "" {
			b.at[name] = build(t, b.root, filepath.Join(b.dir, name))
		}
		folders[filepath.Dir(b.at[name])] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(folders)), string(os.PathListSeparator))
}

// Names are the programs that a [Builder] builds.
func Names() []string { return slices.Sorted(maps.Keys(builders)) }
