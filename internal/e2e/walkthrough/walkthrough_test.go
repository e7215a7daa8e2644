package walkthrough_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tokengraft/tokengraft/internal/e2e"
)

// TestMain lets scripts run this test binary under these names.
func TestMain(m *testing.M) {
	programs := e2e.Programs()
	maps.Copy(programs, map[string]func(){"curl": curl, "claims": claims, "token": firstToken, "field": field})
	testscript.Main(m, programs)
}

// TestWalkthrough runs every examples/*/*.txtar.
func TestWalkthrough(t *testing.T) {
	t.Chdir("../../..")
	scripts, err := filepath.Glob("examples/*/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no walkthroughs in examples/, %v", err)
	}
	examples, err := filepath.Abs("examples")
	if err != nil {
		t.Fatal(err)
	}
	shop := &workshop{dir: t.TempDir(), at: map[string]string{}}
	for _, script := range scripts {
		t.Run(filepath.Base(filepath.Dir(script)), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(script)
			if err != nil {
				t.Fatal(err)
			}
			path := shop.pathFor(t, string(text))
			testscript.Run(t, testscript.Params{
				Files: []string{script},
				Setup: func(env *testscript.Env) error { setUp(t, env, examples, path); return nil },
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"waitfor": waitFor, "waitmetric": waitMetric, "append": appendFile, "copydir": copyDir,
				},
			})
		})
	}
}

// setUp gives each walkthrough addresses of its own.
func setUp(t *testing.T, env *testscript.Env, examples, path string) {
	for _, name := range []string{"PUBLIC", "ADMIN", "BACKEND", "MONGODB"} {
		env.Setenv(name, string(e2e.FreeAddress(t)))
	}
	env.Setenv("EXAMPLES", examples)
	env.Setenv("HOST", strings.Replace(env.Getenv("PUBLIC"), "127.0.0.1", "localhost", 1)) // PUBLIC as a name
	env.Setenv("PATH", path+string(os.PathListSeparator)+env.Getenv("PATH"))
	env.Setenv("LOG_FORMAT", "text")
}
